// Prints a truth row for each call that go/types resolves in one module.
//
//	go run go_oracle.go ROOT
//
// The target is the function or method that the type checker names. A call
// through an interface has the interface's method as target and allows every
// method of the module that implements it. Conversions and calls of function
// values have no row. Test files are not read; of files that are built on other
// platforms, or by other releases, the functions of the same name are allowed.
// The row's form: truth.py.
package main

import (
	"bufio"
	"encoding/json"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

// place is a definition: its file and the line of its name.
type place struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// row is one truth row.
type row struct {
	File       string  `json:"file"`
	Line       int     `json:"line"`
	Column     int     `json:"column"`
	Name       string  `json:"name"`
	CallerLine int     `json:"caller_line"`
	Kind       string  `json:"kind"`
	Targets    []place `json:"targets"`
	Allowed    []place `json:"allowed"`
	External   bool    `json:"external"`
}

// module checks the packages below one folder, each once.
type module struct {
	root, path string
	files      *token.FileSet
	outside    types.ImporterFrom
	packages   map[string]*types.Package
	info       types.Info
	syntax     []*ast.File
	errors     int
	// elsewhere has the functions of files that are not built here, by folder,
	// receiver and name.
	elsewhere map[[3]string][]place
}

// Import checks a package of the module itself and leaves others to the source importer.
func (m *module) Import(path string) (*types.Package, error) {
	return m.ImportFrom(path, m.root, 0)
}

// ImportFrom is Import for a package that names another.
func (m *module) ImportFrom(path, dir string, mode types.ImportMode) (*types.Package, error) {
	if path != m.path && !strings.HasPrefix(path, m.path+"/") {
		return m.outside.ImportFrom(path, dir, mode)
	}
	if done, ok := m.packages[path]; ok {
		return done, nil
	}
	folder := filepath.Join(m.root, strings.TrimPrefix(path, m.path))
	listed, err := build.Default.ImportDir(folder, 0)
	if err != nil {
		return nil, err
	}
	var parsed []*ast.File
	for _, name := range listed.GoFiles {
		if file, err := parser.ParseFile(m.files, filepath.Join(folder, name), nil, parser.SkipObjectResolution); err == nil {
			parsed = append(parsed, file)
		}
	}
	for _, name := range listed.IgnoredGoFiles {
		if file, err := parser.ParseFile(m.files, filepath.Join(folder, name), nil, parser.SkipObjectResolution); err == nil {
			m.note(folder, file)
		}
	}
	config := types.Config{Importer: m, FakeImportC: true, Error: func(error) { m.errors++ }}
	checked, _ := config.Check(path, m.files, parsed, &m.info)
	m.packages[path] = checked
	m.syntax = append(m.syntax, parsed...)
	return checked, nil
}

// note keeps the functions of a file that is not built here.
func (m *module) note(folder string, file *ast.File) {
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok {
			continue
		}
		receiver := ""
		if function.Recv != nil && len(function.Recv.List) > 0 {
			kind := function.Recv.List[0].Type
			if star, is := kind.(*ast.StarExpr); is {
				kind = star.X
			}
			if name, is := kind.(*ast.Ident); is {
				receiver = name.Name
			}
		}
		if at, inside := m.place(function.Name.Pos()); inside {
			key := [3]string{folder, receiver, function.Name.Name}
			m.elsewhere[key] = append(m.elsewhere[key], at)
		}
	}
}

// variants lists what stands for a function where its file is not built.
func (m *module) variants(function *types.Func) []place {
	receiver := ""
	if recv := function.Type().(*types.Signature).Recv(); recv != nil {
		kind := recv.Type()
		if pointer, is := kind.(*types.Pointer); is {
			kind = pointer.Elem()
		}
		if named, is := kind.(*types.Named); is {
			receiver = named.Obj().Name()
		}
	}
	folder := filepath.Dir(m.files.Position(function.Pos()).Filename)
	return m.elsewhere[[3]string{folder, receiver, function.Name()}]
}

// place gives a position inside the module, and whether it is inside.
func (m *module) place(at token.Pos) (place, bool) {
	position := m.files.Position(at)
	relative, err := filepath.Rel(m.root, position.Filename)
	inside := err == nil && at.IsValid() && !strings.HasPrefix(relative, "..")
	return place{relative, position.Line}, inside
}

// implementers lists the module's methods behind an interface's method.
func (m *module) implementers(method *types.Func, of *types.Interface) []place {
	found := map[place]bool{}
	for _, checked := range m.packages {
		scope := checked.Scope()
		for _, name := range scope.Names() {
			named, ok := scope.Lookup(name).(*types.TypeName)
			if !ok || types.IsInterface(named.Type()) {
				continue
			}
			pointer := types.NewPointer(named.Type())
			if !types.Implements(pointer, of) {
				continue
			}
			object, _, _ := types.LookupFieldOrMethod(pointer, false, method.Pkg(), method.Name())
			if function, ok := object.(*types.Func); ok {
				if at, inside := m.place(function.Origin().Pos()); inside {
					found[at] = true
				}
			}
		}
	}
	return sorted(found)
}

// call makes the row of one call, if the checker names what it calls.
func (m *module) call(call *ast.CallExpr, caller int) (row, bool) {
	function := ast.Unparen(call.Fun)
	switch f := function.(type) {
	case *ast.IndexExpr:
		function = f.X
	case *ast.IndexListExpr:
		function = f.X
	}
	name, ok := function.(*ast.Ident)
	if selector, is := function.(*ast.SelectorExpr); is {
		name, ok = selector.Sel, true
	}
	if !ok {
		return row{}, false
	}
	at, _ := m.place(name.Pos())
	made := row{File: at.File, Line: at.Line, Column: m.files.Position(name.Pos()).Column, Name: name.Name,
		CallerLine: caller, Kind: "call", Targets: []place{}, Allowed: []place{}}
	switch object := m.info.Uses[name].(type) {
	case *types.Builtin:
		made.External = true
	case *types.Func:
		if target, inside := m.place(object.Origin().Pos()); inside {
			made.Targets = append(made.Targets, target)
		} else {
			made.External = true
		}
		if receiver := object.Type().(*types.Signature).Recv(); receiver != nil {
			if of, is := receiver.Type().Underlying().(*types.Interface); is {
				made.Allowed = m.implementers(object, of)
			}
		}
		made.Allowed = append(made.Allowed, m.variants(object.Origin())...)
	default:
		return row{}, false
	}
	return made, true
}

func main() {
	root, err := filepath.EvalSymlinks(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	build.Default.CgoEnabled = false
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		log.Fatal(err)
	}
	files := token.NewFileSet()
	m := &module{root: root, path: regexp.MustCompile(`(?m)^module\s+(\S+)`).FindStringSubmatch(string(text))[1], files: files,
		outside: importer.ForCompiler(files, "source", nil).(types.ImporterFrom), packages: map[string]*types.Package{}, elsewhere: map[[3]string][]place{},
		info: types.Info{Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}}
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		base := entry.Name()
		_, nested := os.Stat(filepath.Join(path, "go.mod"))
		if base == "testdata" || base == "vendor" || path != root && (nested == nil || strings.HasPrefix(base, ".")) {
			return filepath.SkipDir
		}
		_, _ = m.Import(strings.TrimSuffix(m.path+"/"+filepath.ToSlash(strings.TrimPrefix(path[len(root):], "/")), "/"))
		return nil
	})
	if m.errors > 0 {
		log.Printf("go oracle: %d type errors; what they touch has no rows", m.errors)
	}
	m.print()
}

// print writes the rows of every file that was checked.
func (m *module) print() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	for _, file := range m.syntax {
		var stack []ast.Node
		ast.Inspect(file, func(node ast.Node) bool {
			if node == nil {
				stack = stack[:len(stack)-1]
				return true
			}
			stack = append(stack, node)
			if call, is := node.(*ast.CallExpr); is {
				if made, ok := m.call(call, m.caller(stack)); ok {
					_ = encoder.Encode(made)
				}
			}
			return true
		})
	}
}

// caller gives the line of the innermost function round a node, 0 without one.
func (m *module) caller(stack []ast.Node) int {
	for i := len(stack) - 1; i >= 0; i-- {
		switch f := stack[i].(type) {
		case *ast.FuncDecl:
			return m.files.Position(f.Name.Pos()).Line
		case *ast.FuncLit:
			return m.files.Position(f.Pos()).Line
		}
	}
	return 0
}

func sorted(set map[place]bool) []place {
	list := make([]place, 0, len(set))
	for at := range set {
		list = append(list, at)
	}
	sort.Slice(list, func(i, j int) bool {
		return list[i].File < list[j].File || list[i].File == list[j].File && list[i].Line < list[j].Line
	})
	return list
}

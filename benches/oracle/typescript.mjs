// Prints a truth row for each call that the TypeScript checker resolves.
//
//   node typescript.mjs ROOT FOLDER…
//
// The target is the function that a signature belongs to; of an overloaded one
// its implementation, the overloads being allowed. A method declared by an
// interface or overridden further down allows those that implement it: members
// of classes, and of object literals written where the interface is expected.
// A member of a union of types allows that of each. A call of a parameter or of
// a variable without a written function has no row, nor has one through `call`,
// `apply` or `bind`. The row's form: `truth.py`. `typescript` is found through
// NODE_PATH.

import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";

const ts = createRequire(import.meta.url)("typescript");
const root = fs.realpathSync(process.argv[2]);
const folders = process.argv.slice(3).map((f) => path.join(root, f));

/** The sources below the folders: TypeScript, or JavaScript where there is none. */
function sources(extensions) {
  return folders.flatMap((folder) => ts.sys.readDirectory(folder, extensions, ["**/node_modules"]))
    .filter((f) => !f.endsWith(".d.ts"));
}

/** `paths` of the `tsconfig.json` nearest to the first folder. */
function aliases() {
  const at = ts.findConfigFile(folders[0] ?? root, ts.sys.fileExists);
  const read = at?.startsWith(root) ? ts.readConfigFile(at, ts.sys.readFile).config?.compilerOptions : undefined;
  if (!read?.paths) return {};
  return { paths: read.paths, pathsBasePath: path.resolve(path.dirname(at), read.baseUrl ?? ".") };
}

const typed = sources([".ts", ".tsx", ".mts"]);
const files = typed.length ? typed : sources([".js", ".jsx", ".mjs", ".cjs"]);
const options = {
  ...aliases(), ...(typed.length ? {} : { allowJs: true, checkJs: true, maxNodeModuleJsDepth: 0 }),
  strict: true, noEmit: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022, types: [],
  module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, jsx: ts.JsxEmit.Preserve,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
};
const program = ts.createProgram(files, options);
const checker = program.getTypeChecker();
const below = new Map(); // member declaration -> declarations that implement or override it

const inside = (node) => node.getSourceFile().fileName.startsWith(root + path.sep) &&
  !node.getSourceFile().fileName.includes("/node_modules/");

/** File and line of a function's name; of an unnamed one, of its first character. */
function place(node) {
  const source = node.getSourceFile();
  const at = ts.isArrowFunction(node) || ts.isFunctionExpression(node) ? node : node.name ?? node;
  const { line } = source.getLineAndCharacterOfPosition(at.getStart());
  return { file: path.relative(root, source.fileName), line: line + 1 };
}

/** Notes for each member which members of classes below implement or override it. */
function noteOverrides(node) {
  if (ts.isClassLike(node) || ts.isInterfaceDeclaration(node)) {
    const todo = [...(node.heritageClauses ?? [])].flatMap((c) => [...c.types]).map((t) => checker.getTypeAtLocation(t));
    const seen = new Set();
    while (todo.length) {
      const type = todo.pop();
      if (!type?.symbol || seen.has(type.symbol)) continue;
      seen.add(type.symbol);
      for (const declaration of type.symbol.declarations ?? []) {
        for (const clause of declaration.heritageClauses ?? []) {
          todo.push(...clause.types.map((t) => checker.getTypeAtLocation(t)));
        }
      }
      for (const member of node.members) {
        const name = member.name?.getText();
        if (!name || !(ts.isMethodDeclaration(member) || ts.isPropertyDeclaration(member) ||
          ts.isMethodSignature(member) || ts.isPropertySignature(member))) continue;
        for (const other of type.symbol.members?.get(name)?.declarations ?? []) {
          below.set(other, (below.get(other) ?? new Set()).add(member));
        }
      }
    }
  }
  const expected = ts.isObjectLiteralExpression(node) ? checker.getContextualType(node) : undefined;
  for (const member of expected ? node.properties : []) {
    const name = member.name && checker.getSymbolAtLocation(member.name)?.name;
    const all = name ? (expected.types ?? [expected]).map((t) => t.getProperty(name)) : [];
    for (const other of all.flatMap((symbol) => symbol?.declarations ?? [])) {
      if (other !== member) below.set(other, (below.get(other) ?? new Set()).add(member));
    }
  }
  ts.forEachChild(node, noteOverrides);
}

/** The function written as the value of a variable or property, if one is. */
function writtenFunction(declaration) {
  let value = declaration?.initializer;
  while (value && (ts.isParenthesizedExpression(value) || ts.isAsExpression(value))) value = value.expression;
  return value && (ts.isArrowFunction(value) || ts.isFunctionExpression(value)) ? value : undefined;
}

/** The functions that the branches of a variable's value are or name, where it is a choice. */
function chosen(nameNode) {
  const held = nameNode && symbolOf(nameNode)?.valueDeclaration;
  const value = held && ts.isVariableDeclaration(held) ? held.initializer : undefined;
  if (!value || !ts.isConditionalExpression(value)) return [];
  return [value.whenTrue, value.whenFalse].flatMap((branch) => {
    if (ts.isArrowFunction(branch) || ts.isFunctionExpression(branch)) return [branch];
    const name = nameOf(branch);
    const all = name && symbolOf(name)?.declarations || [];
    return all.flatMap((d) => [d, ...(writtenFunction(d) ? [writtenFunction(d)] : [])]);
  });
}

/** {targets, allowed, external} of a call, undefined when the checker cannot say. */
function resolve(node, nameNode) {
  const found = resolveSignature(node, nameNode);
  return found && { ...found, allowed: [...found.allowed, ...chosen(nameNode)] };
}

function resolveSignature(node, nameNode) {
  const declaration = checker.getResolvedSignature(node)?.declaration;
  if (ts.isNewExpression(node) && (!declaration || !ts.isConstructorDeclaration(declaration))) {
    return resolveClass(node, declaration);
  }
  if (!declaration) return undefined;
  if (isThrough(declaration)) return undefined;
  if (!inside(declaration)) return { targets: [], allowed: overriders(declaration), external: true };
  if (ts.isConstructorDeclaration(declaration)) {
    const type = ts.isNewExpression(node) ? classOf(node.expression) : declaration.parent;
    const all = declaration.parent.members.filter(ts.isConstructorDeclaration);
    const target = all.find((c) => c.body) ?? declaration;
    return { targets: [target], allowed: [...all, declaration.parent, ...(type ? [type] : [])], external: false };
  }
  if (ts.isArrowFunction(declaration) || ts.isFunctionExpression(declaration)) {
    const holder = declaration.parent;
    return { targets: [declaration], allowed: holder?.name ? [holder] : [], external: false };
  }
  if (ts.isFunctionDeclaration(declaration) || ts.isMethodDeclaration(declaration) || ts.isMethodSignature(declaration)) {
    const symbol = declaration.name && checker.getSymbolAtLocation(declaration.name);
    const all = (symbol?.declarations ?? [declaration]).filter((d) => ts.isFunctionLike(d));
    const target = all.find((d) => d.body) ?? declaration;
    // A member of a union of types is declared more than once.
    const others = (nameNode && symbolOf(nameNode)?.declarations || []).filter((d) => ts.isFunctionLike(d));
    const allowed = [...all, ...others];
    return { targets: [target], allowed: [...allowed, ...allowed.flatMap(overriders)], external: !inside(target) };
  }
  // A signature in a type: only a constant with a written function decides it.
  const held = nameNode && symbolOf(nameNode)?.valueDeclaration;
  const written = held && ts.isVariableDeclaration(held) ? writtenFunction(held) : undefined;
  return written && inside(written) ? { targets: [written], allowed: [held], external: false } : undefined;
}

/** Whether a declaration is the method of functions that calls them, or gives them with a receiver. */
function isThrough(declaration) {
  return ["Function", "CallableFunction", "NewableFunction"].includes(declaration.parent?.name?.text) &&
    ["call", "apply", "bind"].includes(declaration.name?.text) && !inside(declaration);
}

/** The symbol a name stands for, behind its import. */
function symbolOf(node) {
  const symbol = checker.getSymbolAtLocation(node);
  return symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** The class that an expression names. */
function classOf(expression) {
  return symbolOf(expression)?.declarations?.find((d) => ts.isClassLike(d) && inside(d));
}

/** `new` without a written constructor: the class may be named, nothing has to be. */
function resolveClass(node, declaration) {
  const type = classOf(node.expression);
  if (type) return { targets: [], allowed: [type], external: true };
  return declaration && !inside(declaration) ? { targets: [], allowed: [], external: true } : undefined;
}

/** All members below a declaration, with the functions they hold. */
function overriders(declaration) {
  const found = new Set(), todo = [declaration];
  while (todo.length) {
    for (const member of below.get(todo.pop()) ?? []) {
      if (!found.has(member)) found.add(member) && todo.push(member);
    }
  }
  return [...found].flatMap((m) => [m, ...(writtenFunction(m) ? [writtenFunction(m)] : [])]).filter(inside);
}

/** The name that is called, or `super`. */
function nameOf(callee) {
  while (ts.isParenthesizedExpression(callee) || ts.isNonNullExpression(callee)) callee = callee.expression;
  if (ts.isPropertyAccessExpression(callee)) return callee.name;
  return ts.isIdentifier(callee) || callee.kind === ts.SyntaxKind.SuperKeyword ? callee : undefined;
}

/** Prints the rows of a subtree. */
function visit(node, source, caller) {
  if (ts.isFunctionLike(node) && node.body) caller = place(node).line;
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
    const nameNode = nameOf(node.expression);
    const found = nameNode && nameNode.kind !== ts.SyntaxKind.ImportKeyword ? resolve(node, nameNode) : undefined;
    if (found) {
      const start = nameNode.getStart(source);
      const { line, character } = source.getLineAndCharacterOfPosition(start);
      const column = Buffer.byteLength(source.text.slice(start - character, start)) + 1;
      console.log(JSON.stringify({
        file: path.relative(root, source.fileName), line: line + 1, column, name: nameNode.getText(source),
        caller_line: caller, kind: "call", targets: unique(found.targets.filter(inside).map(place)),
        allowed: unique(found.allowed.filter(inside).map(place), found.targets.map(place)), external: found.external,
      }));
    }
  }
  ts.forEachChild(node, (child) => visit(child, source, caller));
}

/** Places without repetition, and without those in `without`. */
function unique(places, without = []) {
  const seen = new Set(without.map((p) => JSON.stringify(p)));
  return places.filter((p) => !seen.has(JSON.stringify(p)) && seen.add(JSON.stringify(p)));
}

for (const source of program.getSourceFiles()) if (inside(source)) noteOverrides(source);
for (const source of program.getSourceFiles()) if (inside(source) && files.includes(source.fileName)) visit(source, source, 0);

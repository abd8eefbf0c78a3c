// Prints a truth row for each call that the TypeScript checker resolves.
//
//   node typescript.mjs ROOT FOLDER…
//
// The target is the function that a signature belongs to; of an overloaded one
// its implementation, the overloads being allowed. A method declared by an
// interface or overridden further down allows those that implement it. A call
// of a parameter or of a variable without a written function has no row. The
// row's form: `truth.py`. `typescript` is found through NODE_PATH.

import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";

const ts = createRequire(import.meta.url)("typescript");
const root = fs.realpathSync(process.argv[2]);
const folders = process.argv.slice(3).map((f) => path.join(root, f));

const files = folders.flatMap((folder) => ts.sys.readDirectory(folder, [".ts", ".tsx", ".mts"]))
  .filter((f) => !f.endsWith(".d.ts"));
const options = {
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
        if (!name || !(ts.isMethodDeclaration(member) || ts.isPropertyDeclaration(member))) continue;
        for (const other of type.symbol.members?.get(name)?.declarations ?? []) {
          below.set(other, (below.get(other) ?? new Set()).add(member));
        }
      }
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

/** {targets, allowed, external} of a call, undefined when the checker cannot say. */
function resolve(node, nameNode) {
  const declaration = checker.getResolvedSignature(node)?.declaration;
  if (ts.isNewExpression(node) && (!declaration || !ts.isConstructorDeclaration(declaration))) {
    return resolveClass(node, declaration);
  }
  if (!declaration) return undefined;
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
    return { targets: [target], allowed: [...all, ...all.flatMap(overriders)], external: !inside(target) };
  }
  // A signature in a type: only a constant with a written function decides it.
  const held = nameNode && symbolOf(nameNode)?.valueDeclaration;
  const written = held && ts.isVariableDeclaration(held) ? writtenFunction(held) : undefined;
  return written && inside(written) ? { targets: [written], allowed: [held], external: false } : undefined;
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

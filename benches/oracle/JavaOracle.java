import com.sun.source.tree.*;
import com.sun.source.util.*;
import com.sun.tools.javac.code.Flags;
import com.sun.tools.javac.tree.JCTree;
import com.sun.tools.javac.tree.TreeInfo;
import java.io.*;
import java.nio.file.*;
import java.util.*;
import javax.lang.model.element.*;
import javax.lang.model.type.*;
import javax.lang.model.util.*;
import javax.tools.*;

/**
 * Prints a truth row for each call that javac resolves in the given folders.
 *
 * <p>Arguments: the repository, then folders or files below it. A virtual call's
 * target is the declared method; the methods below it that override it are
 * allowed, and so are the lambdas and the methods behind references that are
 * given for its interface. A constructor's class is allowed in its place; a class
 * without a written constructor leaves the repository. The row's form: `truth.py`.
 */
public final class JavaOracle {
    private static Path root;
    private static Trees trees;
    private static Elements elements;
    private static Types types;
    private static final Map<ExecutableElement, Set<String>> OVERRIDERS = new HashMap<>();

    /** A definition's file and line; sorts by both. */
    private record Place(String file, long line) {
        String json() {
            return "{\"file\": " + quoted(file) + ", \"line\": " + line + "}";
        }
    }

    public static void main(String[] arguments) throws IOException {
        root = Path.of(arguments[0]).toRealPath();
        List<File> files = new ArrayList<>();
        for (String folder : Arrays.asList(arguments).subList(1, arguments.length)) {
            try (var walk = Files.walk(root.resolve(folder))) {
                walk.filter(p -> p.toString().endsWith(".java")).sorted().forEach(p -> files.add(p.toFile()));
            }
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null);
        List<String> options = new ArrayList<>(List.of("-proc:none", "-XDshould-stop.ifError=FLOW", "-Xmaxerrs", "5"));
        String path = System.getenv("JAVA_ORACLE_CLASSPATH");
        options.addAll(List.of("-classpath", path == null ? "" : path));
        int[] errors = {0};
        JavacTask task = (JavacTask) compiler.getTask(null, manager, d -> {
            if (d.getKind() == Diagnostic.Kind.ERROR && errors[0]++ < 3) System.err.println(d);
        }, options, null, manager.getJavaFileObjectsFromFiles(files));
        List<CompilationUnitTree> units = new ArrayList<>();
        task.parse().forEach(units::add);
        task.analyze();
        trees = Trees.instance(task);
        elements = task.getElements();
        types = task.getTypes();
        if (errors[0] > 0) System.err.println("java oracle: " + errors[0] + " errors; what they touch has no rows");
        for (CompilationUnitTree unit : units) new Overrides(unit).scan(unit, null);
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, "UTF-8");
        for (CompilationUnitTree unit : units) new Calls(unit, out).scan(unit, null);
        out.flush();
    }

    /**
     * Notes for every method of a unit which methods above it it overrides, and for
     * every function of which interface's method it takes the place.
     */
    private static final class Overrides extends TreePathScanner<Void, Void> {
        private final CompilationUnitTree unit;

        Overrides(CompilationUnitTree unit) {
            this.unit = unit;
        }

        @Override
        public Void visitMethod(MethodTree tree, Void unused) {
            if (trees.getElement(getCurrentPath()) instanceof ExecutableElement method
                    && method.getEnclosingElement() instanceof TypeElement owner) {
                Place here = place(method);
                if (here != null) above(method, owner, here.json());
            }
            return super.visitMethod(tree, unused);
        }

        @Override
        public Void visitLambdaExpression(LambdaExpressionTree tree, Void unused) {
            long start = trees.getSourcePositions().getStartPosition(unit, tree);
            given((JCTree.JCFunctionalExpression) tree, new Place(relative(unit), unit.getLineMap().getLineNumber(start)));
            return super.visitLambdaExpression(tree, unused);
        }

        @Override
        public Void visitMemberReference(MemberReferenceTree tree, Void unused) {
            Element callee = trees.getElement(getCurrentPath());
            Place written = place(callee);
            if (written == null && callee != null && callee.getKind() == ElementKind.CONSTRUCTOR) {
                written = place(callee.getEnclosingElement());
            }
            if (written != null) given((JCTree.JCFunctionalExpression) tree, written);
            return super.visitMemberReference(tree, unused);
        }

        /** Notes that a function stands for the method of the interface that is expected of it. */
        private static void given(JCTree.JCFunctionalExpression function, Place written) {
            if (function.target == null || !(types.asElement(function.target) instanceof TypeElement type)) return;
            for (ExecutableElement method : ElementFilter.methodsIn(elements.getAllMembers(type))) {
                if (method.getModifiers().contains(Modifier.ABSTRACT)) {
                    OVERRIDERS.computeIfAbsent(method, k -> new HashSet<>()).add(written.json());
                    above(method, type, written.json());
                }
            }
        }

        private static void above(ExecutableElement method, TypeElement owner, String written) {
            Deque<TypeMirror> todo = new ArrayDeque<>(types.directSupertypes(owner.asType()));
            Set<Element> seen = new HashSet<>();
            while (!todo.isEmpty()) {
                TypeMirror type = todo.pop();
                Element above = types.asElement(type);
                if (above == null || !seen.add(above)) continue;
                todo.addAll(types.directSupertypes(type));
                for (ExecutableElement other : ElementFilter.methodsIn(above.getEnclosedElements())) {
                    if (other.getSimpleName().equals(method.getSimpleName())
                            && elements.overrides(method, other, owner)) {
                        OVERRIDERS.computeIfAbsent(other, k -> new HashSet<>()).add(written);
                    }
                }
            }
        }
    }

    /** Prints the calls of one unit. */
    private static final class Calls extends TreePathScanner<Void, Void> {
        private final CompilationUnitTree unit;
        private final PrintStream out;
        private final String text;
        private final String file;
        private final Deque<Long> callers = new ArrayDeque<>(List.of(0L));

        Calls(CompilationUnitTree unit, PrintStream out) {
            this.unit = unit;
            this.out = out;
            this.file = relative(unit);
            try {
                this.text = unit.getSourceFile().getCharContent(true).toString();
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        @Override
        public Void visitMethod(MethodTree tree, Void unused) {
            if ((((JCTree.JCMethodDecl) tree).mods.flags & Flags.GENERATEDCONSTR) != 0) return null;
            callers.push(unit.getLineMap().getLineNumber(((JCTree) tree).pos));
            super.visitMethod(tree, unused);
            callers.pop();
            return null;
        }

        @Override
        public Void visitLambdaExpression(LambdaExpressionTree tree, Void unused) {
            callers.push(unit.getLineMap().getLineNumber(start(tree)));
            super.visitLambdaExpression(tree, unused);
            callers.pop();
            return null;
        }

        @Override
        public Void visitMethodInvocation(MethodInvocationTree tree, Void unused) {
            Tree select = tree.getMethodSelect();
            String name = select instanceof MemberSelectTree m ? m.getIdentifier().toString() : select.toString();
            row(new TreePath(getCurrentPath(), select), (int) end(select) - name.length(), name, "call");
            return super.visitMethodInvocation(tree, unused);
        }

        @Override
        public Void visitNewClass(NewClassTree tree, Void unused) {
            Tree type = tree.getIdentifier();
            while (type instanceof ParameterizedTypeTree p) type = p.getType();
            while (type instanceof AnnotatedTypeTree a) type = a.getUnderlyingType();
            String name = type instanceof MemberSelectTree m ? m.getIdentifier().toString() : type.toString();
            boolean written = start(tree) >= 0 && text.startsWith("new", (int) start(tree)) || tree.getEnclosingExpression() != null;
            ExecutableElement base = constructorOfBase((JCTree.JCNewClass) tree);
            row(getCurrentPath(), (int) end(type) - name.length(), name, written ? "call" : "implicit", base);
            return super.visitNewClass(tree, unused);
        }

        @Override
        public Void visitEnhancedForLoop(EnhancedForLoopTree tree, Void unused) {
            ExpressionTree over = tree.getExpression();
            TypeMirror type = trees.getTypeMirror(new TreePath(getCurrentPath(), over));
            ExecutableElement iterator = type == null ? null : method(type, "iterator");
            if (iterator != null) {
                List<ExecutableElement> called = new ArrayList<>(List.of(iterator));
                for (String name : List.of("hasNext", "next")) {
                    ExecutableElement step = method(iterator.getReturnType(), name);
                    if (step != null) called.add(step);
                }
                implicit(over, called);
            }
            return super.visitEnhancedForLoop(tree, unused);
        }

        @Override
        public Void visitTry(TryTree tree, Void unused) {
            for (Tree resource : tree.getResources()) {
                TypeMirror type = trees.getTypeMirror(new TreePath(getCurrentPath(), resource));
                Tree at = resource instanceof VariableTree v && v.getInitializer() != null ? v.getInitializer() : resource;
                ExecutableElement close = type == null ? null : method(type, "close");
                if (close != null) implicit(at, List.of(close));
            }
            return super.visitTry(tree, unused);
        }

        /** The method without parameters that a type has by that name, null where there is none. */
        private static ExecutableElement method(TypeMirror type, String name) {
            while (type instanceof TypeVariable variable) type = variable.getUpperBound();
            if (!(types.asElement(type) instanceof TypeElement owner)) return null;
            for (ExecutableElement method : ElementFilter.methodsIn(elements.getAllMembers(owner))) {
                if (method.getSimpleName().contentEquals(name) && method.getParameters().isEmpty()) return method;
            }
            return null;
        }

        /** The constructor that an anonymous class hands its arguments to, null for other classes. */
        private static ExecutableElement constructorOfBase(JCTree.JCNewClass tree) {
            if (tree.def == null) return null;
            for (JCTree member : tree.def.defs) {
                if (member instanceof JCTree.JCMethodDecl m && (m.mods.flags & Flags.GENERATEDCONSTR) != 0
                        && m.body != null && m.body.stats.head instanceof JCTree.JCExpressionStatement first
                        && first.expr instanceof JCTree.JCMethodInvocation call
                        && (Element) TreeInfo.symbol(call.meth) instanceof ExecutableElement base) {
                    return base;
                }
            }
            return null;
        }

        @Override
        public Void visitMemberReference(MemberReferenceTree tree, Void unused) {
            String name = tree.getName().contentEquals("<init>") ? "new" : tree.getName().toString();
            row(getCurrentPath(), (int) end(tree) - name.length(), name, "implicit");
            return super.visitMemberReference(tree, unused);
        }

        /** A row for methods that are called where `tree` stands without being named. */
        private void implicit(Tree tree, List<ExecutableElement> called) {
            SortedSet<String> targets = new TreeSet<>();
            SortedSet<String> allowed = new TreeSet<>();
            for (ExecutableElement callee : called) {
                Place written = place(callee);
                if (written != null) targets.add(written.json());
                allowed.addAll(OVERRIDERS.getOrDefault(callee, Set.of()));
            }
            if (start(tree) >= 0) print((int) start(tree), called.get(0).getSimpleName().toString(), "implicit", targets, allowed, true);
        }

        private void row(TreePath path, int at, String name, String kind) {
            row(path, at, name, kind, null);
        }

        private void row(TreePath path, int at, String name, String kind, ExecutableElement other) {
            if (at < 0 || !text.startsWith(name, at) || !(trees.getElement(path) instanceof ExecutableElement found)) return;
            ExecutableElement callee = other == null ? found : other;
            Element owner = callee.getEnclosingElement();
            if (owner == null || owner.asType().getKind() == TypeKind.ERROR) return;
            SortedSet<String> targets = new TreeSet<>();
            SortedSet<String> allowed = new TreeSet<>();
            Place written = place(callee);
            if (written != null) targets.add(written.json());
            if (callee.getKind() == ElementKind.CONSTRUCTOR) {
                Place type = place(anonymousBase(owner));
                if (type != null) allowed.add(type.json());
            }
            allowed.addAll(OVERRIDERS.getOrDefault(callee, Set.of()));
            print(at, name, kind, targets, allowed, open(path, callee));
        }

        private void print(int at, String name, String kind, Set<String> targets, Set<String> allowed, boolean open) {
            allowed.removeAll(targets);
            int begin = text.lastIndexOf('\n', at - 1) + 1;
            int column = text.substring(begin, at).getBytes(java.nio.charset.StandardCharsets.UTF_8).length + 1;
            out.println("{\"file\": " + quoted(file) + ", \"line\": " + unit.getLineMap().getLineNumber(at)
                    + ", \"column\": " + column + ", \"name\": " + quoted(name) + ", \"caller_line\": " + callers.peek()
                    + ", \"kind\": \"" + kind + "\", \"targets\": " + targets + ", \"allowed\": " + allowed
                    + ", \"external\": " + targets.isEmpty() + (open ? ", \"open\": true}" : "}"));
        }

        /** Whether a class that was not read may override what is called. */
        private static boolean open(TreePath path, ExecutableElement callee) {
            boolean base = path.getLeaf() instanceof MemberSelectTree m
                    && (m.getExpression() instanceof IdentifierTree i && i.getName().contentEquals("super")
                        || m.getExpression() instanceof MemberSelectTree q && q.getIdentifier().contentEquals("super"));
            Set<Modifier> fixed = EnumSet.of(Modifier.STATIC, Modifier.PRIVATE, Modifier.FINAL);
            return !base && callee.getKind() == ElementKind.METHOD
                    && Collections.disjoint(fixed, callee.getModifiers())
                    && !callee.getEnclosingElement().getModifiers().contains(Modifier.FINAL);
        }

        private long start(Tree tree) {
            return trees.getSourcePositions().getStartPosition(unit, tree);
        }

        private long end(Tree tree) {
            return trees.getSourcePositions().getEndPosition(unit, tree);
        }
    }

    /** The named class behind an anonymous one. */
    private static Element anonymousBase(Element owner) {
        if (owner instanceof TypeElement type && type.getSimpleName().length() == 0) {
            Element above = types.asElement(type.getSuperclass());
            return type.getInterfaces().isEmpty() ? above : types.asElement(type.getInterfaces().get(0));
        }
        return owner;
    }

    /** Where an element's name is written in the repository, null for what is outside or generated. */
    private static Place place(Element element) {
        TreePath path = element == null ? null : trees.getPath(element);
        if (path == null || path.getLeaf() instanceof JCTree.JCMethodDecl m && (m.mods.flags & Flags.GENERATEDCONSTR) != 0) {
            return null;
        }
        JCTree leaf = (JCTree) path.getLeaf();
        CompilationUnitTree unit = path.getCompilationUnit();
        long at = leaf.pos;
        if (leaf instanceof JCTree.JCClassDecl c) {
            try {
                int found = unit.getSourceFile().getCharContent(true).toString().indexOf(c.getSimpleName().toString(), leaf.pos);
                at = found < 0 ? at : found;
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
        return new Place(relative(unit), unit.getLineMap().getLineNumber(at));
    }

    private static String relative(CompilationUnitTree unit) {
        return root.relativize(Path.of(unit.getSourceFile().toUri())).toString();
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}

import java.lang.reflect.*;
import java.net.URI;
import java.nio.file.*;
import java.util.*;
import java.util.stream.*;

/**
 * Prints what the linker knows of Java's standard library: for each public type
 * of `java.base` what it extends, and what its public members give.
 *
 * <pre>java tools/jdk/Library.java > src/lang/java/library.txt</pre>
 *
 * <p>Read by reflection from the running JDK. A line is a package, or a type of
 * the package before it: name, `:` and its bases, `@` and the one method that a
 * lambda takes the place of, `|` and its members. Names of
 * its own package and of `java.lang` stand alone. A member whose overloads give
 * different types is left out, and one that gives nothing; `~` marks a type that depends on type arguments.
 */
public final class Library {
    public static void main(String[] arguments) throws Exception {
        FileSystem files = FileSystems.getFileSystem(URI.create("jrt:/"));
        Map<String, Set<String>> packages = new TreeMap<>();
        try (Stream<Path> walk = Files.walk(files.getPath("/modules/java.base/java"))) {
            for (Path path : (Iterable<Path>) walk.filter(p -> p.toString().endsWith(".class"))::iterator) {
                String name = path.toString().substring("/modules/java.base/".length()).replace('/', '.');
                name = name.substring(0, name.length() - ".class".length());
                int dot = name.lastIndexOf('.');
                if (name.endsWith("-info")) continue;
                packages.computeIfAbsent(name.substring(0, dot), k -> new TreeSet<>()).add(name);
            }
        }
        for (var entry : packages.entrySet()) {
            List<String> lines = new ArrayList<>();
            for (String name : entry.getValue()) {
                Class<?> type = Class.forName(name, false, null);
                boolean shown = true;
                for (Class<?> c = type; c != null; c = c.getEnclosingClass()) {
                    shown &= (c.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0 && !c.isAnonymousClass();
                }
                if (shown) lines.add(line(type, entry.getKey()));
            }
            if (!lines.isEmpty()) System.out.println("package " + entry.getKey() + "\n" + String.join("\n", lines));
        }
    }

    private static String line(Class<?> type, String home) {
        List<String> bases = new ArrayList<>();
        if (type.getSuperclass() != null && type.getSuperclass() != Object.class) bases.add(named(type.getSuperclass(), home));
        for (Class<?> base : type.getInterfaces()) bases.add(named(base, home));
        Map<String, Set<String>> gives = new TreeMap<>();
        for (Method method : type.getDeclaredMethods()) {
            boolean hidden = (method.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) == 0;
            if (hidden || method.isSynthetic()) continue;
            String open = depends(method.getGenericReturnType()) ? "~" : "";
            gives.computeIfAbsent(method.getName(), k -> new TreeSet<>()).add(open + named(method.getReturnType(), home));
        }
        for (Set<String> known : gives.values()) {
            known.remove("void");
            known.removeIf(given -> known.contains("~" + given));
        }
        String members = gives.entrySet().stream()
                .filter(e -> e.getValue().size() == 1 && !e.getValue().contains("~Object"))
                .map(e -> e.getKey() + "=" + e.getValue().iterator().next()).collect(Collectors.joining(" "));
        String simple = type.getName().substring(home.length() + 1).replace('$', '.');
        return simple + " : " + String.join(" ", bases) + single(type) + " | " + members;
    }

    /** ` @name` for an interface that a lambda can stand for: the one method that it has to have. */
    private static String single(Class<?> type) {
        if (!type.isInterface() || type.isAnnotation()) return "";
        Set<String> names = new TreeSet<>();
        for (Method method : type.getMethods()) {
            boolean everywhere = Arrays.stream(Object.class.getMethods()).anyMatch(m -> m.getName().equals(method.getName()));
            if ((method.getModifiers() & Modifier.ABSTRACT) != 0 && !everywhere) names.add(method.getName());
        }
        return names.size() == 1 ? " @" + names.iterator().next() : "";
    }

    /** Whether a type says something that the type arguments of a receiver or call decide. */
    private static boolean depends(Type type) {
        if (type instanceof TypeVariable<?>) return true;
        if (type instanceof GenericArrayType array) return depends(array.getGenericComponentType());
        if (type instanceof ParameterizedType applied) return Arrays.stream(applied.getActualTypeArguments()).anyMatch(Library::depends);
        if (type instanceof WildcardType wild) {
            return Stream.concat(Arrays.stream(wild.getUpperBounds()), Arrays.stream(wild.getLowerBounds())).anyMatch(Library::depends);
        }
        return false;
    }

    private static String named(Class<?> type, String home) {
        if (type.isArray()) return named(type.getComponentType(), home) + "[]";
        if (type.isPrimitive()) return type.getName();
        String in = type.getPackageName();
        String simple = type.getName().substring(in.length() + 1).replace('$', '.');
        return in.equals(home) || in.equals("java.lang") ? simple : in + "::" + simple;
    }
}

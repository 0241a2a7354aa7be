using System;
using System.Collections.Generic;

namespace NativeProxy;

/// <summary>
/// LINQ for sequences of structs, such as tables of settings: a loop each. That of .NET is compiled anew for every struct, each method in a dozen
/// forms, for what is done once at the start. In the namespace around all others, so that these are found before those. Stateless; no more on the
/// data path than the others.
/// </summary>
internal static class StructQueries
{
    public static IEnumerable<TResult> Select<T, TResult>(this IEnumerable<T> items, Func<T, TResult> result)
        where T : struct
    {
        foreach (T item in items)
            yield return result(item);
    }

    public static IEnumerable<T> Where<T>(this IEnumerable<T> items, Func<T, bool> isWanted)
        where T : struct
    {
        foreach (T item in items)
        {
            if (isWanted(item))
                yield return item;
        }
    }

    public static IEnumerable<TResult> SelectMany<T, TResult>(this IEnumerable<T> items, Func<T, IEnumerable<TResult>> results)
        where T : struct
    {
        foreach (T item in items)
        {
            foreach (TResult result in results(item))
                yield return result;
        }
    }

    public static bool Any<T>(this IEnumerable<T> items, Func<T, bool> isWanted)
        where T : struct
    {
        foreach (T item in items)
        {
            if (isWanted(item))
                return true;
        }
        return false;
    }

    public static bool All<T>(this IEnumerable<T> items, Func<T, bool> isRight)
        where T : struct => !items.Any(item => !isRight(item));
}

using System;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace NativeProxy.Foundation;

/// <summary>
/// Assertions about our own code, never about input. A failed one is a bug: it throws, nothing catches it, the worker dies with a
/// trace and the supervisor starts a new one. Kept in release builds where the check costs one compare.
/// </summary>
internal static class Check
{
    /// <summary>States a fact that must hold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void That([DoesNotReturnIf(false)] bool fact, string bug)
    {
        if (!fact)
            Fail(bug);
    }

    /// <summary>States that a state machine may go from one state to another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Lawful<TState>(bool lawful, TState from, TState to)
        where TState : struct, Enum
    {
        if (!lawful)
            FailMove(from, to);
    }

    [DoesNotReturn, StackTraceHidden]
    private static void Fail(string bug) => throw new InvalidOperationException("bug: " + bug);

    [DoesNotReturn, StackTraceHidden]
    private static void FailMove<TState>(TState from, TState to)
        where TState : struct, Enum => throw new InvalidOperationException($"bug: {typeof(TState).Name} must not go from {from} to {to}");
}

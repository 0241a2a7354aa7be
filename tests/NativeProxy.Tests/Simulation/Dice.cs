using System;

namespace NativeProxy.Tests.Simulation;

/// <summary>
/// All chance of a run, from one seed: xoshiro256** (Blackman and Vigna), seeded by splitmix64. Our own, so that a seed means the same
/// run with every version of the runtime.
/// </summary>
internal sealed class Dice
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    public Dice(ulong seed)
    {
        _s0 = SplitMix(ref seed);
        _s1 = SplitMix(ref seed);
        _s2 = SplitMix(ref seed);
        _s3 = SplitMix(ref seed);
    }

    public ulong Next()
    {
        ulong result = ulong.RotateLeft(_s1 * 5, 7) * 9;
        ulong t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = ulong.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>0 to <paramref name="limit"/> - 1.</summary>
    public int Below(int limit) => (int)Math.BigMul(Next(), (ulong)limit, out _);

    /// <summary>Both ends included.</summary>
    public int Between(int min, int max) => min + Below(max - min + 1);

    public bool PerMille(int chance) => Below(1000) < chance;

    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    /// <summary>0 to <paramref name="max"/>, small ones as likely as large ones: uniform in the number of digits.</summary>
    public int Size(int max)
    {
        int bits = Below(33 - int.LeadingZeroCount(max));
        return Math.Min(max, bits == 0 ? 0 : (1 << (bits - 1)) + Below(1 << (bits - 1)));
    }

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        return Mix(state);
    }

    /// <summary>A well mixed number from a number.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}

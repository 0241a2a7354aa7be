using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using NativeProxy.Tests.Http1;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Admin;

/// <summary>Rounds of changed input for the operator's endpoint: short by default, and the same again by the seed that a failure names.</summary>
internal static class AdminFuzz
{
    /// <summary>Bytes that mean something to who reads heads or JSON; changes draw from them half of the time.</summary>
    private static readonly byte[] Spices = Wire.Bytes("\r\n\t \0:;,=\"\\/?#*@[]{}%019afAF-_e\x7f\x80\xc0\xed\xff");

    /// <summary>
    /// NATIVEPROXY_FUZZ_ROUNDS makes it long, NATIVEPROXY_FUZZ_SEED repeats a run. True when it was long enough to have seen everything.
    /// </summary>
    /// <param name="output">Where the seed is noted.</param>
    /// <param name="share">One in so many rounds is done: for those that cost more than others.</param>
    /// <param name="round">One of them.</param>
    public static bool Run(ITestOutputHelper output, int share, Action<Random, int> round)
    {
        const int RoundsUsual = 3000;
        int seed = Setting("NATIVEPROXY_FUZZ_SEED", Random.Shared.Next());
        int rounds = Setting("NATIVEPROXY_FUZZ_ROUNDS", RoundsUsual);
        output.WriteLine($"seed {seed}, {rounds} rounds");
        var random = new Random(seed);
        for (int i = 0; i < rounds / share; i++)
        {
            try
            {
                round(random, i);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"NATIVEPROXY_FUZZ_SEED={seed}, round {i}", failure);
            }
        }
        return rounds >= RoundsUsual;
    }

    public static T One<T>(this Random random, IReadOnlyList<T> all) => all[random.Next(all.Count)];

    /// <summary>True in so many of a hundred cases.</summary>
    public static bool Percent(this Random random, int percent) => random.Next(100) < percent;

    /// <summary>Up to three small changes, anywhere.</summary>
    public static byte[] Mutate(byte[] bytes, Random random)
    {
        for (int changes = random.Next(1, 4); changes > 0 && bytes.Length > 0; changes--)
        {
            int place = random.Next(bytes.Length);
            byte value = random.Percent(50) ? random.One(Spices) : (byte)random.Next(256);
            int length = random.Next(1, Math.Min(40, bytes.Length - place + 1));
            bytes = random.Next(6) switch
            {
                0 => [.. bytes[..place], value, .. bytes[place..]],
                1 => [.. bytes[..place], .. bytes[(place + length)..]],
                2 => [.. bytes[..(place + length)], .. bytes[place..]],
                3 => [.. bytes[..place], .. "\r\n"u8, .. bytes[place..]],
                4 => [.. bytes[..place], .. Enumerable.Repeat(value, random.One([2, 9, 300, 5000])), .. bytes[place..]],
                _ => [.. bytes[..place], value, .. bytes[(place + 1)..]],
            };
        }
        return bytes;
    }

    public static string Mutate(string text, Random random) => Wire.Text(Mutate(Wire.Bytes(text), random));

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}

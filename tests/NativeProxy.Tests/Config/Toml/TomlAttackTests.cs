using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using NativeProxy.Config.Toml;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Config.Toml;

/// <summary>
/// Broken texts by the thousand: every prefix of a rich one, and random mutations. Whatever comes in, reading ends, throws nothing,
/// and gives either a tree or an error inside the text, in words of ours.
/// Longer: NATIVEPROXY_FUZZ_ROUNDS=1000000; the same again: NATIVEPROXY_FUZZ_SEED=(the printed seed).
/// </summary>
public sealed class TomlAttackTests(ITestOutputHelper output)
{
    private const int RoundsDefault = 20_000;

    private static readonly string[] Splinters =
    [
        "\"", "'", "\"\"\"", "'''", "[", "]", "[[", "]]", "{", "}", "=", ".", ",", "#", "\n", "\r\n", "\r", "\\", "\\u", "\\U0010FFFF", "\uFEFF",
            "\0", "\u007F",
        "_", "-", "+", "e", "0x", "inf", "nan", "true", "1979-05-27", "T07:32:00", ".5", "Z", "+23:59", " ", "\t", "ä", "日", "a.b",
        "9223372036854775808",
    ];

    [Fact]
    public void EveryPrefixOfARichText_IsReadOrRefused()
    {
        byte[] text = Encoding.UTF8.GetBytes(TomlSamples.Rich);
        int readCount = 0;
        for (int length = 0; length <= text.Length; length++)
        {
            if (Survives(text[..length]))
                readCount++;
        }
        output.WriteLine($"{readCount} of {text.Length + 1} prefixes are texts of their own");
        Assert.InRange(readCount, 10, text.Length);
        TomlTreeText.OfBytes(text);
    }

    [Fact]
    public void MutatedTexts_AreReadOrRefused()
    {
        int seed = FromEnvironment("NATIVEPROXY_FUZZ_SEED") ?? Environment.TickCount;
        int rounds = FromEnvironment("NATIVEPROXY_FUZZ_ROUNDS") ?? RoundsDefault;
        output.WriteLine($"seed {seed}, {rounds} rounds");
        var random = new Random(seed);
        List<byte[]> originals = Originals();
        int readCount = 0;
        for (int round = 0; round < rounds; round++)
        {
            byte[] text = Mutate(originals, random);
            try
            {
                if (Survives(text))
                    readCount++;
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}, round {round}, text (base64) {Convert.ToBase64String(text)}", exception);
            }
        }
        output.WriteLine($"{readCount} were read, {rounds - readCount} refused");
        Assert.InRange(readCount, 1, rounds - 1);
    }

    private static int? FromEnvironment(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out int value) ? value : null;

    private List<byte[]> Originals()
    {
        var originals = new List<byte[]> { Encoding.UTF8.GetBytes(TomlSamples.Rich) };
        if (TomlVectors.FindFolder() is not string folder)
        {
            output.WriteLine("no vectors: only the rich sample is mutated");
            return originals;
        }
        originals.AddRange(TomlVectors.List(folder, "1.1.0").Where(file => file.StartsWith("valid/", StringComparison.Ordinal))
            .Select(file => File.ReadAllBytes(Path.Combine(folder, file))));
        return originals;
    }

    private static byte[] Mutate(List<byte[]> originals, Random random)
    {
        List<byte> text = [.. originals[random.Next(originals.Count)]];
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            int at = random.Next(text.Count + 1);
            int length = random.Next(Math.Min(text.Count - at, 12) + 1);
            switch (random.Next(5))
            {
                case 0:
                    text.RemoveRange(at, length);
                    break;
                case 1:
                    text.InsertRange(at, Encoding.UTF8.GetBytes(Splinters[random.Next(Splinters.Length)]));
                    break;
                case 2:
                    text.InsertRange(random.Next(text.Count + 1), text.GetRange(at, length));
                    break;
                case 3 when at < text.Count:
                    text[at] = (byte)random.Next(256);
                    break;
                default:
                    byte[] other = originals[random.Next(originals.Count)];
                    int from = random.Next(other.Length + 1);
                    text.InsertRange(at, other[from..random.Next(from, other.Length + 1)]);
                    break;
            }
        }
        return [.. text];
    }

    /// <summary>True when the text is valid; fails the test when the promises of the document do not hold.</summary>
    private static bool Survives(byte[] text)
    {
        bool isParsed = TomlDocument.TryParse(text, out TomlTable root, out TomlError? error);
        Assert.Equal(isParsed, error is null);
        if (error is null)
        {
            AssertSameWithMarkAndNewline(text, root);
            return true;
        }
        int lineCount = 1 + text.Count(b => b == '\n');
        Assert.InRange(error.Position.Line, 1, lineCount);
        Assert.InRange(error.Position.Column, 1, text.Length + 1);
        Assert.InRange(error.Position.Width, 1, text.Length + 1);
        Assert.NotEmpty(error.Problem);
        Assert.DoesNotContain("is not TOML", error.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Problem + error.Expected);
        return false;
    }

    /// <summary>A byte order mark before and a comment line after a valid text change nothing.</summary>
    private static void AssertSameWithMarkAndNewline(byte[] text, TomlTable root)
    {
        bool hasMark = text.AsSpan().StartsWith("\uFEFF"u8);
        byte[] framed = [.. hasMark ? [] : "\uFEFF"u8.ToArray(), .. text, .. "\n# end"u8];
        Assert.Equal(TomlTreeText.Of(root), TomlTreeText.OfBytes(framed));
    }
}

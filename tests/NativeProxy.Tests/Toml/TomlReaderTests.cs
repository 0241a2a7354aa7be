using System;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Toml;
using Xunit;

namespace NativeProxy.Tests.Toml;

/// <summary>The token reader by itself: its tokens, its raw bytes, its end, and that it allocates nothing.</summary>
public sealed class TomlReaderTests
{
    [Fact]
    public void Tokens_ComeInOrderWithTheirRawBytes()
    {
        var tokens = new List<string>();
        var reader = new TomlReader("""
            # c
            [ a."b\t" ]
            k = [ 0x1F, { 'q' = "v\n" } ]
            [[c]]
            """u8);
        while (reader.Read())
            tokens.Add($"{reader.TokenKind} {Encoding.UTF8.GetString(reader.RawValue)}{(reader.HasEscapes ? " escaped" : "")}");

        Assert.False(reader.HasFailed);
        Assert.Equal(
            [
                "TableHeader [", "KeyPart a", "KeyPart b\\t escaped", "HeaderEnd ]",
                "KeyPart k", "ArrayStart [", "Integer 0x1F", "InlineTableStart {", "KeyPart q", "String v\\n escaped", "InlineTableEnd }", "ArrayEnd ]",
                "ArrayTableHeader [[", "KeyPart c", "HeaderEnd ]]",
            ],
            tokens);
    }

    [Fact]
    public void ReaderThatEnded_StaysAtItsEnd()
    {
        var reader = new TomlReader("a = 1"u8);
        Assert.True(reader.Read());
        Assert.True(reader.Read());
        Assert.False(reader.Read());
        Assert.False(reader.Read());
        Assert.Equal(TomlTokenKind.None, reader.TokenKind);
        Assert.False(reader.HasFailed);
    }

    [Fact]
    public void ReaderThatFailed_KeepsItsFirstFault()
    {
        var reader = new TomlReader("a = x\nb = 1"u8);
        Assert.True(reader.Read());
        Assert.False(reader.Read());
        Assert.False(reader.Read());
        Assert.True(reader.HasFailed);
        Assert.Equal((4, 1), (reader.Fault.Offset, reader.Fault.Length));
    }

    [Fact]
    public void AccessorOfAnotherKind_IsABugOfTheCaller()
    {
        Assert.Throws<InvalidOperationException>(static () =>
        {
            var reader = new TomlReader("a = 1"u8);
            reader.Read();
            reader.GetScalar();
        });
        Assert.Throws<InvalidOperationException>(static () =>
        {
            var reader = new TomlReader("a = 1"u8);
            reader.Read();
            reader.Read();
            reader.GetString();
        });
    }

    [Fact]
    public void Reading_AllocatesNothing()
    {
        byte[] valid = Encoding.UTF8.GetBytes(TomlSamples.Rich);
        byte[] faulty = Encoding.UTF8.GetBytes(TomlSamples.Rich + "x = 2023-02-30");
        ReadAll(valid);
        ReadAll(faulty);

        long before = GC.GetAllocatedBytesForCurrentThread();
        int tokenCount = 0;
        for (int i = 0; i < 100; i++)
            tokenCount += ReadAll(valid) + ReadAll(faulty);
        long allocatedBytes = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(0, allocatedBytes);
        Assert.True(tokenCount > 100 * 100, $"only {tokenCount} tokens were read");
    }

    private static int ReadAll(byte[] text)
    {
        var reader = new TomlReader(text);
        int tokenCount = 0;
        while (reader.Read())
        {
            tokenCount++;
            if (reader.TokenKind >= TomlTokenKind.Integer)
                _ = reader.GetScalar();
        }
        return tokenCount;
    }
}

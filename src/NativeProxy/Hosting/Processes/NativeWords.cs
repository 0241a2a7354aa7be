using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

namespace NativeProxy.Hosting.Processes;

/// <summary>Strings as C has them: an array of pointers to UTF-8 that ends with a null pointer. Freed on dispose.</summary>
internal sealed unsafe class NativeWords : IDisposable
{
    private readonly nint[] _words;
    private readonly nint _array;

    public NativeWords(IReadOnlyList<string> words)
    {
        _words = new nint[words.Count];
        _array = (nint)NativeMemory.AllocZeroed((nuint)(words.Count + 1), (nuint)sizeof(nint));
        for (int i = 0; i < _words.Length; i++)
            ((nint*)_array)[i] = _words[i] = Copy(words[i]);
    }

    public byte** Start => (byte**)_array;

    public void Dispose()
    {
        foreach (nint word in _words)
            NativeMemory.Free((void*)word);
        NativeMemory.Free((void*)_array);
    }

    private static nint Copy(string word)
    {
        int bytes = Encoding.UTF8.GetByteCount(word);
        byte* copy = (byte*)NativeMemory.AllocZeroed((nuint)(bytes + 1));
        Encoding.UTF8.GetBytes(word, new Span<byte>(copy, bytes));
        return (nint)copy;
    }
}

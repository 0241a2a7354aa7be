using System;
using System.Buffers;

namespace NativeProxy.Tests.Layers;

/// <summary>How far a <see cref="LayerPeer"/> is.</summary>
internal enum RecordState
{
    Securing,
    Secured,
    Ended,
    Failed,
}

/// <summary>
/// The other end of a connection with a layer: a handshake, sealed data, an announced end, an alert. Knows no socket: bytes go in, bytes come out.
/// What it is free in, sizes above all, is drawn.
/// </summary>
/// <param name="dice">Where the draws come from.</param>
internal abstract class LayerPeer(ulong dice)
{
    private ulong _dice = dice;

    public RecordState State { get; protected set; }

    /// <summary>What was wrong, or that the other side has said so.</summary>
    public string Problem { get; protected set; } = "";

    /// <summary>True when the other side has said that it gives up.</summary>
    public bool HasAlert { get; protected set; }

    /// <summary>What is to go over the wire; whoever sends it clears it.</summary>
    public ArrayBufferWriter<byte> Output { get; } = new();

    /// <summary>What has come for whoever is above; who takes it clears it.</summary>
    public ArrayBufferWriter<byte> Plain { get; } = new();

    /// <summary>The client speaks first.</summary>
    public abstract void Begin();

    /// <summary>Bytes from the wire; what lies behind an end or a failure is ignored.</summary>
    public abstract void Feed(ReadOnlySpan<byte> wire);

    /// <summary>Data in records of drawn sizes.</summary>
    public abstract void Seal(ReadOnlySpan<byte> plain);

    /// <summary>One record that nobody asked for and that is no data.</summary>
    public abstract void SendTicket();

    /// <summary>Announces the end, once.</summary>
    public abstract void AnnounceEnd();

    /// <summary>Gives up and says so, whatever the state.</summary>
    public abstract void GiveUp(string problem);

    protected ulong Draw() => RecordCipher.Mix(_dice++);

    protected int Draw(int below) => (int)(Draw() % (ulong)below);

    /// <summary>1 to <paramref name="max"/>, small sizes as likely as large ones: uniform in the number of digits.</summary>
    protected int DrawSize(int max)
    {
        int bits = Draw(33 - int.LeadingZeroCount(max));
        return Math.Min(max, bits == 0 ? 1 : (1 << (bits - 1)) + Draw(1 << (bits - 1)));
    }

    protected byte[] Noise(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
            bytes[i] = (byte)RecordCipher.Mix(_dice + (ulong)i);
        _dice++;
        return bytes;
    }
}

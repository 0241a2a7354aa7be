using System;
using System.Buffers;
using NativeProxy.Buffers;
using NativeProxy.Transport;

namespace NativeProxy.Tests.Layers;

/// <summary>Secures connections with a <see cref="RecordSession"/> each.</summary>
/// <param name="options">As which side behaves; each session gets a seed of its own.</param>
internal sealed class RecordSecurity(RecordOptions options) : ConnectionSecurity
{
    private ulong _count;

    /// <summary>Layers that are lent; 0 when every connection has given its own back.</summary>
    public int LentCount { get; private set; }

    /// <summary>Called when a layer has read bytes of the wire, before it sends what it has to say to them.</summary>
    public Action? WhenOpened { get; set; }

    public override ConnectionLayer LendLayer(EventLoop loop, bool isServer)
    {
        LentCount++;
        return new RecordLayer(this, isServer, options with { Seed = RecordCipher.Mix(options.Seed) + ++_count });
    }

    internal void Returned() => LentCount--;
}

/// <summary>A layer of the tests: a <see cref="RecordSession"/> inside a connection.</summary>
internal sealed class RecordLayer(RecordSecurity security, bool isServer, RecordOptions options) : ConnectionLayer(isServer)
{
    private readonly RecordSession _session = new(isServer, options);

    protected override bool HasPart => _session.HasPart;

    protected override void Begin(LayerOutput output)
    {
        _session.Begin();
        Emit(output);
    }

    protected override int Open(ReadOnlySpan<byte> wire, Span<byte> plain, LayerOutput output)
    {
        _session.Feed(wire);
        security.WhenOpened?.Invoke();
        Emit(output);
        int count = _session.Plain.WrittenCount;
        _session.Plain.WrittenSpan.CopyTo(plain);
        _session.Plain.ResetWrittenCount();
        if (_session.State == RecordState.Failed)
            Fail(_session.HasAlert ? LayerFailure.Alert : LayerFailure.BadRecord);
        else
            State = (LayerState)_session.State;
        return count;
    }

    protected override void Seal(ReadOnlySpan<byte> plain, LayerOutput output)
    {
        _session.Seal(plain);
        Emit(output);
    }

    protected override void AnnounceEnd(LayerOutput output)
    {
        _session.AnnounceEnd();
        Emit(output);
    }

    protected override void Recycle(BufferPools pools) => security.Returned();

    /// <summary>In pieces, as an implementation with a small buffer of its own would.</summary>
    private void Emit(LayerOutput output)
    {
        for (ReadOnlySpan<byte> rest = _session.Output.WrittenSpan; !rest.IsEmpty;)
        {
            int count = Math.Min(rest.Length, RecordSession.RecordBytesMax);
            rest[..count].CopyTo(output.Reserve(count));
            output.Advance(count);
            rest = rest[count..];
        }
        _session.Output.ResetWrittenCount();
    }
}

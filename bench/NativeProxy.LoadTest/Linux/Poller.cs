using System;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace NativeProxy.LoadTest.Linux;

/// <summary>
/// One epoll descriptor, level-triggered, and the batch of its last wait. Tokens are chosen by the owner; the poller does not know what
/// they mean. Thread: that of its owner only.
/// </summary>
internal sealed unsafe class Poller : IDisposable
{
    public const uint In = 0x1;
    public const uint Out = 0x4;
    public const uint PeerHangUp = 0x2000;
    public const uint EdgeTriggered = 1u << 31;

    private const int EventsMax = 512;
    private const int Add = 1;
    private const int Remove = 2;
    private const int Modify = 3;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly EpollEvent* _events = (EpollEvent*)NativeMemory.Alloc(EventsMax, (nuint)sizeof(EpollEvent));
    private readonly int _epoll = Checked(Libc.EpollCreate(Libc.CloseOnExec));

    public ulong TokenAt(int index) => _events[index].Token;

    public uint EventsAt(int index) => _events[index].Events;

    public void Watch(int descriptor, uint events, ulong token) => Control(Add, descriptor, events, token);

    public void Change(int descriptor, uint events, ulong token) => Control(Modify, descriptor, events, token);

    public void Forget(int descriptor) => Libc.EpollControl(_epoll, Remove, descriptor, null);

    /// <summary>Waits and returns the size of the batch. -1 = no limit.</summary>
    public int WaitMs(int timeoutMs) => Math.Max(0, Libc.EpollWait(_epoll, _events, EventsMax, timeoutMs));

    /// <summary>Waits with the precision of nanoseconds (epoll_wait knows milliseconds only) and returns the size of the batch.</summary>
    public int WaitNs(long timeoutNs)
    {
        if (timeoutNs > 0)
        {
            var entry = new PollEntry { Descriptor = _epoll, Events = 1 };
            var time = new TimeSpec { Seconds = timeoutNs / NanosecondsPerSecond, Nanoseconds = timeoutNs % NanosecondsPerSecond };
            if (Libc.Poll(&entry, 1, &time, null) <= 0)
                return 0;
        }
        return WaitMs(0);
    }

    public void Dispose()
    {
        Libc.Close(_epoll);
        NativeMemory.Free(_events);
    }

    private void Control(int operation, int descriptor, uint events, ulong token)
    {
        var change = new EpollEvent { Events = events, Token = token };
        Checked(Libc.EpollControl(_epoll, operation, descriptor, &change));
    }

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastSystemError());
}

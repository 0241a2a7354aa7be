using System.Runtime.InteropServices;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>Sends signals to a process that the test started.</summary>
internal static class LinuxSignals
{
    public const int HangUp = 1;
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Kill = 9;
    public const int User1 = 10;
    public const int User2 = 12;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;
    public const int ResumeListening = 21;
    public const int PauseListening = 22;

    private const nint DefaultAction = 0;
    private const nint Ignored = 1;

    /// <summary>False when the process is gone.</summary>
    public static bool TrySend(int processId, int signal)
    {
        Assert.True(processId > 1);
        return CallKill(processId, signal) == 0;
    }

    /// <summary>To a process and all of its group, as a service manager or a terminal does.</summary>
    public static void SendToGroup(int leaderId, int signal)
    {
        Assert.True(leaderId > 1);
        Assert.Equal(0, CallKill(-leaderId, signal));
    }

    public static void Send(int processId, int signal)
    {
        Assert.True(processId > 1);
        Assert.Equal(0, CallKill(processId, signal));
    }

    /// <summary>
    /// A shell starts its background jobs with SIGINT ignored, and children inherit that: a proxy started from such a test run would
    /// rightly ignore it too. Sets it back to its default; a handler of the test host itself stays.
    /// </summary>
    public static void StopIgnoringInterrupt()
    {
        nint before = CallSignal(Interrupt, DefaultAction);
        if (before != Ignored)
            CallSignal(Interrupt, before);
    }

    [DllImport("libc", EntryPoint = "signal")]
    private static extern nint CallSignal(int signal, nint handler);

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int CallKill(int processId, int signal);
}

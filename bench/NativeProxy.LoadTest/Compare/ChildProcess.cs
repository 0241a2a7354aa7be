using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using NativeProxy.LoadTest.Linux;

namespace NativeProxy.LoadTest.Compare;

/// <summary>
/// A program that the comparison has started, bound to its processors, its output in a file. Owns the process and ends it with all its
/// descendants; those that are left when the comparison itself ends are killed.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private const int TerminateSignal = 15;
    private const int InterruptSignal = 2;
    private const int EndMs = 4000;

    private static readonly List<ChildProcess> Living = [];

    private readonly Process _process;

    /// <summary>Held for good; the runtime does not end a process's children with it.</summary>
    private static readonly PosixSignalRegistration[] Signals =
    [
        .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT }
        .Select(signal => PosixSignalRegistration.Create(signal, OnSignal)),
    ];

    static ChildProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) => KillAll();

    private ChildProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    /// <summary>Starts a program. The calling thread is bound to <paramref name="own"/> afterwards.</summary>
    /// <param name="processors">What the program may use; it inherits them from the thread that starts it.</param>
    public static ChildProcess Start(IReadOnlyList<string> command, string outputPath, int[] processors, int[] own)
    {
        // The shell only connects the output to a file and becomes the program; no pipe has to be emptied while something is measured.
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = Path.GetDirectoryName(outputPath) };
        foreach (string argument in (string[])["-c", "exec \"$@\" >\"$0\" 2>&1 </dev/null", outputPath, .. command])
            start.ArgumentList.Add(argument);
        Processors.BindThread(processors);
        try
        {
            lock (Living)
            {
                var child = new ChildProcess(Process.Start(start)!);
                Living.Add(child);
                return child;
            }
        }
        finally
        {
            Processors.BindThread(own);
        }
    }

    /// <summary>Asks it to end as Ctrl+C does, and waits.</summary>
    public void Interrupt()
    {
        if (!_process.HasExited)
            Libc.Kill(Id, InterruptSignal);
        _process.WaitForExit(EndMs);
    }

    /// <summary>Asks it to end, then kills what is left of it.</summary>
    public void Dispose()
    {
        lock (Living)
        {
            if (!Living.Remove(this))
                return;
        }
        if (!_process.HasExited)
            Libc.Kill(Id, TerminateSignal);
        if (!_process.WaitForExit(EndMs))
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Keeps the lock until the process has ended, so that nothing is started meanwhile.</summary>
    private static void OnSignal(PosixSignalContext signal)
    {
        lock (Living)
        {
            KillAll();
            // Not Environment.Exit: it would wait for the thread that waits for the lock.
            Libc.Exit(1);
        }
    }

    private static void KillAll()
    {
        lock (Living)
        {
            foreach (ChildProcess child in Living)
            {
                if (!child._process.HasExited)
                    child._process.Kill(entireProcessTree: true);
            }
            Living.Clear();
        }
    }
}

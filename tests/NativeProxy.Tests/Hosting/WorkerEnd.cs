using System;
using System.Collections.Generic;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Hosting.Channels;
using NativeProxy.Tests.Transport;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>The ends of a worker's lines, held by the test: what a process would have inherited. Owns what it has received.</summary>
internal sealed class WorkerEnd : IDisposable
{
    private readonly ControlChannel _control;
    private readonly DescriptorChannel _descriptors;
    private readonly List<ListeningSocket> _sockets = [];

    /// <param name="processId">What the supervisor knows it by; there is no such process.</param>
    /// <param name="inherited">Descriptors of the control channel and of the one for sockets; the end has copies of them.</param>
    public WorkerEnd(int processId, IReadOnlyList<int> inherited)
    {
        ProcessId = processId;
        _control = new ControlChannel(CopyOf(inherited[0]));
        _descriptors = new DescriptorChannel(CopyOf(inherited[1]));
    }

    public int ProcessId { get; }

    /// <summary>The next message, which must be this command. Stands in for others meanwhile, when it is told to.</summary>
    public async Task<ControlMessage> Hears(ControlCommand command)
    {
        while (true)
        {
            ControlMessage? message = await _control.ReceiveAsync().WaitAsync(LoopUnderTest.Deadline);
            if (message is { Command: ControlCommand.Adopt } adopt)
                Take(AdoptMessage.Decode(adopt.Payload).Binds);
            if (message?.Command != command && message is { Command: ControlCommand.Adopt or ControlCommand.Release })
                continue;
            Assert.Equal(command, message?.Command);
            return message!.Value;
        }
    }

    /// <summary>The same for one that brings settings; takes the sockets that belong to them.</summary>
    public async Task<SettingsMessage> HearsSettings(ControlCommand command)
    {
        SettingsMessage settings = SettingsMessage.Decode((await Hears(command)).Payload);
        Take(settings.Binds);
        return settings;
    }

    /// <summary>What an operator asks of it.</summary>
    public async Task<string> IsAsked() => (await Hears(ControlCommand.Ask)).Text.Split(' ', 2)[1];

    /// <summary>Is asked this by an operator, and answers.</summary>
    public async Task Answers(string question, string answer)
    {
        ControlMessage message = await Hears(ControlCommand.Ask);
        Assert.Equal(question, message.Text.Split(' ', 2)[1]);
        Answers(message, answer);
    }

    /// <summary>Answers a question of an operator.</summary>
    public void Answers(in ControlMessage question, string answer) => Assert.True(_control.TrySend(
        ControlCommand.Answered, Encoding.ASCII.GetBytes($"{question.Text.Split(' ', 2)[0]} {answer}")));

    /// <summary>The supervisor has closed the line.</summary>
    public async Task HearsTheEnd() => Assert.Null(await _control.ReceiveAsync().WaitAsync(LoopUnderTest.Deadline));

    public void Says(ControlCommand command, int round, string problem = "") =>
        Assert.True(_control.TrySend(command, new AnswerMessage(round, problem)));

    public void Dispose()
    {
        _control.Dispose();
        _descriptors.Dispose();
        ListeningSockets.Close(_sockets);
    }

    private void Take(IReadOnlyList<string> binds) => _sockets.AddRange(Assert.IsType<List<ListeningSocket>>(_descriptors.TryReceive(binds)));

    private static Socket CopyOf(int descriptor)
    {
        int copy = CallCopy(descriptor);
        Assert.True(copy >= 0);
        return new Socket(new SafeSocketHandle(copy, ownsHandle: true));
    }

    [DllImport("libc", EntryPoint = "dup")]
    private static extern int CallCopy(int descriptor);
}

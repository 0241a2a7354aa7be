using System;
using System.Collections.Generic;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Transport;

namespace NativeProxy.Credentials;

/// <summary>
/// Looks whether files of users have changed: begun on the loop, done on a thread of the pool, and taken over on the loop. A file that cannot be
/// read, or that has a mistake, leaves the users as they are, and is told of once. Owner: a <see cref="UsersWatch"/>.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="rules">Each with a file.</param>
/// <param name="report">Any thread: takes what is wrong with a file; must not block.</param>
internal sealed class UsersLook(EventLoop loop, LoginRule[] rules, Action<string> report) : LoopWork
{
    /// <summary>As each was read last.</summary>
    private readonly FileVersion[] _seen = Array.ConvertAll(rules, static rule => rule.FileSeen);

    /// <summary>Those that have changed.</summary>
    private readonly UserTable?[] _found = new UserTable?[rules.Length];

    /// <summary>Set by the loop, and taken back by whoever has the last step.</summary>
    private volatile bool _isRunning;

    /// <summary>The loop: a look, unless the one before is still under way, as on a disk that does not answer.</summary>
    public void Begin()
    {
        if (_isRunning)
            return;
        _isRunning = true;
        ThreadPool.UnsafeQueueUserWorkItem(static look => look.Look(), this, preferLocal: false);
    }

    /// <summary>The loop: who is in a file that has changed may ask, and nobody else.</summary>
    public override void Run()
    {
        for (int i = 0; i < rules.Length; i++)
        {
            if (_found[i] is { } users)
                rules[i].Take(users);
            _found[i] = null;
        }
        _isRunning = false;
    }

    private void Look()
    {
        bool hasFound = false;
        for (int i = 0; i < rules.Length; i++)
        {
            FileVersion now = FileVersion.Of(rules[i].FilePath);
            if (now == _seen[i])
                continue;
            List<string> problems = [];
            List<NamedText> users = UsersFile.Read(rules[i].FilePath, problems);

            // Whoever writes it is not done yet.
            if (FileVersion.Of(rules[i].FilePath) != now)
                continue;
            _seen[i] = now;
            if (problems.Count > 0)
            {
                report($"{problems[0]}: the users stay as they were");
                continue;
            }
            _found[i] = rules[i].TableWith(users);
            hasFound = true;
        }
        if (hasFound)
            loop.Post(this);
        else
            _isRunning = false;
    }
}

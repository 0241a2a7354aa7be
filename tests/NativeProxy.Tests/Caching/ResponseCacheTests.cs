using System.Linq;
using NativeProxy.Caching;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Tests.Http1;
using Xunit;

namespace NativeProxy.Tests.Caching;

/// <summary>What was stored comes out byte for byte, within its time and within the memory.</summary>
public sealed class ResponseCacheTests
{
    private const string Response = CacheTrial.Fresh + "ok";

    /// <summary>Fits into one block with its key.</summary>
    private const int EntryBytes = CacheMemory.BlockBytes + CacheMemory.EntryBytes;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    [InlineData(100_000)]
    public void StoredResponse_ComesOutAsItWentIn(int pieceBytes)
    {
        var trial = new CacheTrial();
        string body = string.Concat(Enumerable.Range(0, 3000).Select(static i => $"{i},"));
        CacheFill fill = trial.BeginFill("a /", CacheTrial.Fresh);
        for (int i = 0; i < body.Length; i += pieceBytes)
            fill.Append(new BodyPiece { Data = Wire.Bytes(body[i..System.Math.Min(body.Length, i + pieceBytes)]) });
        fill.Commit();

        Assert.Equal(CacheTrial.Fresh + body, trial.Find("a /", pieceBytes));
        Assert.Equal(CacheTrial.Fresh + body, trial.Find("a /", 5000));
        Assert.Null(trial.Find("a /x"));
        Assert.Null(trial.Find("b /"));
        Assert.Equal((2, 2, 1, 1),
            (Read(trial, CounterId.CacheHits), Read(trial, CounterId.CacheMisses), Read(trial, CounterId.CacheStores),
                Read(trial, CounterId.CacheEntries)));
    }

    [Fact]
    public void KeysOfAnyLength_AreToldApart()
    {
        var trial = new CacheTrial();
        for (int length = 1; length < CacheKey.BytesMax; length += 97)
            trial.Store(new string('k', length), CacheTrial.Fresh + $"{length,4}");
        for (int length = 1; length < CacheKey.BytesMax; length += 97)
            Assert.EndsWith($"{length,4}", trial.Find(new string('k', length)));
        Assert.Null(trial.Find(new string('k', 2)));
    }

    [Fact]
    public void FillThatIsNotCommitted_IsNeverFound()
    {
        var trial = new CacheTrial();
        CacheFill fill = trial.BeginFill("a /");
        Assert.Null(trial.Find("a /"));
        Assert.Equal(EntryBytes, trial.Cache.HeldBytes);
        fill.Drop();
        Assert.Null(trial.Find("a /"));
        trial.Ask("a /").Drop();
        trial.Ask("a /").Commit();
        Assert.Null(trial.Find("a /"));
        Assert.Equal(0, trial.Cache.HeldBytes);
    }

    [Theory]
    [InlineData(59_999, true)]
    [InlineData(60_000, false)]
    public void Response_IsServedUntilMaxAge(int ageMs, bool isHit)
    {
        var trial = new CacheTrial();
        trial.Store("a /");
        trial.PassTime(ageMs);
        Assert.Equal(isHit, trial.Find("a /") is not null);
        Assert.Equal(isHit ? 1 : 0, trial.Cache.Count);
    }

    [Theory]
    [InlineData(4_999, true)]
    [InlineData(5_000, false)]
    public void Response_IsServedWhileItSaysItIsFresh(int ageMs, bool isHit)
    {
        var trial = new CacheTrial();
        trial.Store("a /", "HTTP/1.1 200 OK\r\nCache-Control: max-age=9\r\nAge: 4\r\nContent-Length: 2\r\n\r\nok");
        trial.PassTime(ageMs);
        Assert.Equal(isHit, trial.Find("a /") is not null);
    }

    [Fact]
    public void ShorterMaxAgeAfterAReload_HoldsForWhatIsThere()
    {
        var trial = new CacheTrial();
        trial.Store("a /");
        trial.PassTime(2000);
        trial.Apply(1 << 20, "max_age = \"2s\"");
        Assert.Null(trial.Find("a /"));
    }

    [Fact]
    public void AgeOfAHit_GrowsFromTheOneOnArrival()
    {
        var trial = new CacheTrial();
        CacheFill fill = trial.Ask("a /");
        trial.PassTime(1500);
        CacheTrial.OpenFill(fill, "HTTP/1.1 200 OK\r\nCache-Control: max-age=90\r\nAge: 4\r\nContent-Length: 2\r\n\r\nok");
        trial.PassTime(700);
        fill.Commit();
        trial.PassTime(1000);
        CachedResponse response = default;
        Assert.True(trial.TryOpen("a /", ref response));
        Assert.Equal(7, response.Times.AgeSeconds);
        response.Close();
    }

    [Fact]
    public void LaterFill_TakesThePlaceOfAnEarlierOne_AndAnOvertakenOneIsDropped()
    {
        var trial = new CacheTrial();
        CacheFill early = trial.BeginFill("a /", CacheTrial.Fresh + "11");
        trial.PassTime(10);
        trial.Store("a /", CacheTrial.Fresh + "22");
        early.Commit();
        Assert.EndsWith("22", trial.Find("a /"));
        trial.PassTime(10);
        trial.Store("a /", CacheTrial.Fresh + "33");
        Assert.EndsWith("33", trial.Find("a /"));
        Assert.Equal((1, (long)EntryBytes), (trial.Cache.Count, trial.Cache.HeldBytes));
    }

    [Fact]
    public void LeastRecentlyUsed_MakesRoom()
    {
        var trial = new CacheTrial(bytes: 64 * 1024);
        int roomFor = 64 * 1024 / EntryBytes;
        for (int i = 0; i < roomFor; i++)
            trial.Store($"a /{i}");
        Assert.Equal(roomFor, trial.Cache.Count);
        Assert.NotNull(trial.Find("a /0"));
        trial.Store("a /new");
        Assert.NotNull(trial.Find("a /0"));
        Assert.Null(trial.Find("a /1"));
        Assert.NotNull(trial.Find("a /2"));
        Assert.NotNull(trial.Find("a /new"));
        Assert.Equal(1, Read(trial, CounterId.CacheEvictions));
    }

    [Fact]
    public void Memory_StaysWithinTheBound_WhateverIsStored()
    {
        var trial = new CacheTrial(bytes: 64 * 1024);
        for (int i = 0; i < 200; i++)
        {
            CacheFill fill = trial.BeginFill($"a /{i}");
            fill.Append(new BodyPiece { Data = new byte[i * 331 % 30_000] });
            Assert.InRange(trial.Cache.HeldBytes, 0, 64 * 1024);
            fill.Commit();
            Assert.InRange(trial.Cache.HeldBytes, 0, 64 * 1024);
            Assert.NotNull(trial.Find($"a /{i}"));
        }
        trial.Cache.Close();
        Assert.Equal((0, 0L, 0L), (trial.Cache.Count, trial.Cache.HeldBytes, Read(trial, CounterId.CacheBytesHeld)));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void ObjectBytes_CountHeadAndBody(int tooMuch, bool isKept)
    {
        var trial = new CacheTrial(1 << 20, "object_bytes = 10000");
        CacheFill fill = trial.BeginFill("a /", CacheTrial.Fresh);
        fill.Append(new BodyPiece { Data = new byte[10_000 - CacheTrial.Fresh.Length + tooMuch] });
        Assert.Equal(isKept, fill.IsOpen);
        fill.Commit();
        Assert.Equal(isKept, trial.Find("a /") is not null);
        if (!isKept)
            Assert.Equal(0, trial.Cache.HeldBytes);
    }

    [Fact]
    public void LengthThatIsKnownToBeTooLarge_IsNotEvenBegun()
    {
        var trial = new CacheTrial(1 << 20, "object_bytes = 10000");
        CacheFill fill = trial.Ask("a /");
        fill.Open("HTTP/1.1 200 OK\r\n\r\n"u8, BodyLength.Of(9_999), new Freshness(), fill.Moments);
        Assert.False(fill.IsOpen);
        fill.Drop();
    }

    [Fact]
    public void EntryThatIsBeingRead_KeepsItsMemoryUntilTheLastReaderLeaves()
    {
        var trial = new CacheTrial();
        trial.Store("a /");
        CachedResponse first = default;
        CachedResponse second = default;
        Assert.True(trial.TryOpen("a /", ref first));
        Assert.True(trial.TryOpen("a /", ref second));
        trial.Change("a /");
        Assert.Null(trial.Find("a /"));
        trial.Store("a /other");
        Assert.Equal(2 * EntryBytes, trial.Cache.HeldBytes);
        Assert.Equal(Response, CacheTrial.ReadAll(ref first));
        first.Close();
        first.Close();
        Assert.Equal(Response, CacheTrial.ReadAll(ref second, 1));
        second.Close();
        Assert.Equal(EntryBytes, trial.Cache.HeldBytes);
    }

    [Fact]
    public void ReadersThatHoldAllMemory_KeepNothingFromBeingServed_AndNothingIsStoredMeanwhile()
    {
        var trial = new CacheTrial(bytes: 64 * 1024);
        var readers = new CachedResponse[64 * 1024 / EntryBytes];
        for (int i = 0; i < readers.Length; i++)
        {
            trial.Store($"a /{i}");
            Assert.True(trial.TryOpen($"a /{i}", ref readers[i]));
        }
        trial.Store("a /new");
        Assert.Null(trial.Find("a /new"));
        Assert.InRange(trial.Cache.HeldBytes, 0, 64 * 1024);
        for (int i = 0; i < readers.Length; i++)
        {
            Assert.Equal(Response, CacheTrial.ReadAll(ref readers[i]));
            readers[i].Close();
        }
        Assert.Equal(0, trial.Cache.HeldBytes);
        trial.Store("a /new");
        Assert.NotNull(trial.Find("a /new"));
    }

    [Theory]
    [InlineData("a /", "\u0001a /")]
    [InlineData("\u0001a /", "a /")]
    public void Change_DropsWhatIsKeptForClientsOfTheOtherSchemeAsWell(string changed, string other)
    {
        var trial = new CacheTrial();
        trial.Store(changed);
        trial.Store(other);
        trial.Store("b /");
        CacheFill asked = trial.Ask(other);
        trial.Change(changed);
        CacheTrial.OpenFill(asked, Response);
        asked.Commit();

        Assert.Null(trial.Find(changed));
        Assert.Null(trial.Find(other));
        Assert.NotNull(trial.Find("b /"));
    }

    [Fact]
    public void Change_DropsWhatIsThereAndWhatIsOnItsWay_AndNothingElse()
    {
        var trial = new CacheTrial();
        trial.Store("a /");
        trial.Store("a /other");
        CacheFill before = trial.BeginFill("a /");
        CacheFill asked = trial.Ask("a /");
        CacheFill other = trial.BeginFill("a /third");
        trial.Change("a /");
        Assert.Null(trial.Find("a /"));
        before.Commit();
        CacheTrial.OpenFill(asked, Response);
        asked.Commit();
        other.Commit();
        Assert.Null(trial.Find("a /"));
        Assert.NotNull(trial.Find("a /other"));
        Assert.NotNull(trial.Find("a /third"));
        trial.Store("a /");
        Assert.NotNull(trial.Find("a /"));
        Assert.Equal(1, Read(trial, CounterId.CacheInvalidations));
    }

    [Fact]
    public void BodyThatThisClientMayNotGet_IsAMiss()
    {
        var trial = new CacheTrial();
        trial.Store("a /");
        Assert.Null(trial.Find("a /", bodyBytesMax: 1));
        Assert.NotNull(trial.Find("a /", bodyBytesMax: 2));
    }

    [Fact]
    public void SmallerBytesAfterAReload_Evict_AndLargerOnesKeep()
    {
        var trial = new CacheTrial(bytes: 256 * 1024);
        for (int i = 0; i < 40; i++)
            trial.Store($"a /{i}");
        Assert.Equal(40, trial.Cache.Count);
        trial.Apply(64 * 1024);
        Assert.InRange(trial.Cache.HeldBytes, 1, 64 * 1024);
        Assert.NotNull(trial.Find("a /39"));
        Assert.Null(trial.Find("a /0"));
        trial.Apply(1 << 20);
        Assert.NotNull(trial.Find("a /39"));
        for (int i = 0; i < 40; i++)
            trial.Store($"b /{i}");
        Assert.NotNull(trial.Find("a /39"));
        Assert.NotNull(trial.Find("b /0"));
    }

    [Fact]
    public void NoBytesAfterAReload_EmptyTheCache_AlsoOfWhatIsOnItsWay()
    {
        var trial = new CacheTrial();
        trial.Store("a /");
        CacheFill fill = trial.BeginFill("a /x");
        ResponseCache before = trial.Cache;
        trial.Apply(0);
        Assert.Null(trial.Cache);
        fill.Commit();
        Assert.Equal((0, 0L), (before.Count, before.HeldBytes));
        Assert.Equal(0, Read(trial, CounterId.CacheEntries));
    }

    [Fact]
    public void EntriesAndFills_AreUsedAgain()
    {
        var trial = new CacheTrial();
        CacheFill first = trial.BeginFill("a /");
        first.Commit();
        Assert.Same(first, trial.Ask("a /x"));
        first.Drop();
        Rounds(1);
        long before = System.GC.GetAllocatedBytesForCurrentThread();
        Rounds(100);
        Assert.Equal(before, System.GC.GetAllocatedBytesForCurrentThread());

        void Rounds(int count)
        {
            for (int i = 0; i < count; i++)
            {
                CacheFill fill = trial.Cache.BeginFill("a /y"u8, 1);
                fill.Open("HTTP/1.1 200 OK\r\n\r\n"u8, BodyLength.Unknown, new Freshness(), fill.Moments);
                fill.Drop();
            }
        }
    }

    private static int Read(CacheTrial trial, CounterId id) => (int)trial.Counters.Read(id);
}

using System;
using System.Numerics;
using NativeProxy.LoadTest.Http;
using NativeProxy.LoadTest.Origin;

namespace NativeProxy.LoadTest.Generator;

/// <summary>
/// Decides whether a response is the right one: status, id, length and every byte of the content. For a foreign server, whose content is
/// not known, each response must equal the first one in status, length and checksum. Each method returns null or what is wrong.
/// Owner: one load thread.
/// </summary>
internal sealed class ResponseCheck
{
    private readonly bool _isForeign;
    private readonly long _requestBodyBytes;
    private int _status;
    private long _sizeBytes;
    private uint _checksum;
    private bool _isLearned;

    public ResponseCheck(LoadPlan plan)
    {
        _isForeign = plan.IsForeign;
        _requestBodyBytes = plan.HasBody ? plan.BodyBytes : -1;
        if (OriginPath.TryRead(System.Text.Encoding.ASCII.GetBytes(plan.Path), out OriginPath asked))
            (_status, _sizeBytes) = (asked.Status, asked.SizeBytes);
        else
            _status = 404;
    }

    public string? OfHead(int status, in MessageHead head, ulong id)
    {
        if (_isForeign)
            return _isLearned && status != _status ? $"status {status} instead of {_status} of the first response" : null;
        if (status != _status)
            return $"status {status} instead of {_status}";
        if (!head.HasId)
            return "the response has no X-Load-Id";
        if (head.Id != id)
            return $"the response belongs to request {head.Id:x}";
        if (head.ContentLength >= 0 && head.ContentLength != _sizeBytes)
            return $"Content-Length {head.ContentLength} instead of {_sizeBytes}";
        if (head.BodyBytesSeen != _requestBodyBytes)
            return $"the origin saw {head.BodyBytesSeen} body bytes instead of {_requestBodyBytes}";
        return null;
    }

    /// <param name="checksum">Over the content so far; carried on for a foreign server.</param>
    public string? OfContent(ulong id, long offset, ReadOnlySpan<byte> content, ref uint checksum)
    {
        if (_isForeign)
        {
            foreach (byte value in content)
                checksum = BitOperations.Crc32C(checksum, value);
            return null;
        }
        return BodyPattern.Matches(id, offset, content) ? null : $"the content differs at or behind offset {offset}";
    }

    public string? OfEnd(int status, long sizeBytes, uint checksum)
    {
        if (_isForeign && !_isLearned)
        {
            (_status, _sizeBytes, _checksum, _isLearned) = (status, sizeBytes, checksum, true);
            return null;
        }
        if (sizeBytes != _sizeBytes)
            return $"{sizeBytes} bytes of content instead of {_sizeBytes}";
        return _isForeign && checksum != _checksum ? "the content differs from that of the first response" : null;
    }
}

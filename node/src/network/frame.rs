//! One frame per direction of a stream: two bytes of length, big-endian, then that many bytes, then the end.
//!
//! The library's own codecs cut what is too long and take what trails; here a writer refuses before the first
//! byte, a reader refuses at the header, before it makes room, and anything after the frame is an error.

use std::io;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes of the length in front of a frame.
pub(super) const HEADER: usize = 2;

/// Writes the header and the parts in one piece, so that a frame does not go out as several small packets.
pub(super) async fn write<T>(io: &mut T, parts: &[&[u8]], fits: impl Fn(usize) -> bool) -> io::Result<()>
where
    T: AsyncWrite + Unpin + Send,
{
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let header = u16::try_from(length).ok().filter(|_| fits(length)).ok_or_else(|| refused("its length", length))?;
    let mut frame = Vec::with_capacity(HEADER + length);
    frame.extend_from_slice(&header.to_be_bytes());
    for part in parts {
        frame.extend_from_slice(part);
    }
    io.write_all(&frame).await
}

/// Reads the header and refuses what does not fit.
pub(super) async fn read_length<T>(io: &mut T, fits: impl Fn(usize) -> bool) -> io::Result<usize>
where
    T: AsyncRead + Unpin + Send,
{
    let length = usize::from(u16::from_be_bytes(read_array(io).await?));
    if fits(length) { Ok(length) } else { Err(refused("the length it announces", length)) }
}

/// Reads exactly `N` bytes.
pub(super) async fn read_array<T, const N: usize>(io: &mut T) -> io::Result<[u8; N]>
where
    T: AsyncRead + Unpin + Send,
{
    let mut bytes = [0; N];
    io.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Reads exactly so many bytes and then the end of the stream.
pub(super) async fn read_rest<T>(io: &mut T, length: usize) -> io::Result<Vec<u8>>
where
    T: AsyncRead + Unpin + Send,
{
    let mut bytes = vec![0; length];
    io.read_exact(&mut bytes).await?;
    if io.read(&mut [0]).await? == 0 { Ok(bytes) } else { Err(malformed("bytes after its end")) }
}

/// The error for a frame that is no message.
pub(super) fn malformed(why: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("a frame was refused for {why}"))
}

fn refused(what: &str, length: usize) -> io::Error {
    malformed(format_args!("{what}, {length} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up_to_ten(length: usize) -> bool {
        length <= 10
    }

    #[tokio::test]
    async fn a_frame_too_long_is_refused_before_its_first_byte() {
        let mut wire = Vec::new();
        let error = write(&mut wire, &[&[0; 6], &[0; 5]], up_to_ten).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(wire.is_empty(), "wrote {} bytes", wire.len());
    }

    #[tokio::test]
    async fn a_frame_is_refused_at_its_header() {
        // Eleven bytes are announced and none follows: an error about the end would mean that we waited for them.
        let error = read_length(&mut &[0, 11][..], up_to_ten).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn what_trails_and_what_is_missing_is_refused() {
        assert_eq!(read_rest(&mut &[1, 2][..], 2).await.unwrap(), [1, 2]);
        assert_eq!(read_rest(&mut &[1, 2, 3][..], 2).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(read_rest(&mut &[1][..], 2).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}

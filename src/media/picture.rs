//! Makes a picture harmless and small.
//!
//! A picture is decoded and encoded anew: what is stored holds pixels (and a colour profile), no camera
//! data, no place, no second file behind the first. The size in its header is checked before a pixel is
//! decoded. Everything here blocks for up to some seconds and may hold some 400 MB for the largest
//! picture: call it inside `spawn_blocking`, behind a semaphore of one or two.

use std::io::Cursor;

use image::{
    AnimationDecoder, DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageFormat,
    ImageReader, Limits,
    codecs::{gif::GifDecoder, jpeg::JpegEncoder, png::PngEncoder},
};

use super::sniff::Kind;

/// The most pixels a picture may have.
pub const MAX_PIXELS: u64 = 40_000_000;

/// The longer side of a thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 320;

/// The most pixels that all frames of a moving picture may have together: a bound on the time it takes.
const MAX_MOVING_PIXELS: u64 = 200_000_000;

/// What one decoder may allocate: 40 megapixels of 8-bit RGBA, and room to work in.
const MAX_ALLOC: u64 = 256 << 20;

/// A colour profile larger than this is not worth keeping.
const MAX_PROFILE: usize = 64 << 10;

/// A picture that is ready to be stored.
#[derive(Debug)]
pub struct Picture {
    /// What to store.
    pub full: Encoded,
    /// A small one for lists and cards; its longer side is at most [`THUMBNAIL_SIDE`].
    pub thumbnail: Encoded,
}

/// An encoded picture.
#[derive(Debug)]
pub struct Encoded {
    /// Its kind, which may differ from the uploaded one: WebP becomes JPEG, or PNG if it is see-through.
    pub kind: Kind,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Width in pixels, as seen (the camera's orientation is applied).
    pub width: u32,
    /// Height in pixels, as seen.
    pub height: u32,
}

/// Why a picture is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PictureFault {
    /// More than [`MAX_PIXELS`], or more memory than a decoder may take.
    #[error("the picture is too large")]
    TooLarge,
    /// It cannot be decoded to its end.
    #[error("the picture is damaged")]
    Damaged(#[source] ImageError),
    /// Not a kind of picture that is taken.
    #[error("not a picture")]
    NotAPicture,
    /// Encoding failed: our fault, not the picture's.
    #[error("the picture could not be encoded")]
    Encoding(#[source] ImageError),
}

impl From<ImageError> for PictureFault {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::TooLarge,
            damaged => Self::Damaged(damaged),
        }
    }
}

impl Picture {
    /// Decodes, turns upright, strips and encodes a picture of a sniffed `kind`, and makes its thumbnail.
    ///
    /// A GIF keeps its bytes, for its frames cannot be encoded again without loss: it is decoded to its
    /// last frame, then cut free of comments, foreign data and whatever follows it.
    pub fn prepare(bytes: &[u8], kind: Kind) -> Result<Self, PictureFault> {
        match kind {
            Kind::Jpeg => Self::still(bytes, ImageFormat::Jpeg),
            Kind::Png => Self::still(bytes, ImageFormat::Png),
            Kind::Webp => Self::still(bytes, ImageFormat::WebP),
            Kind::Gif => Self::moving(bytes, MAX_MOVING_PIXELS),
            _ => Err(PictureFault::NotAPicture),
        }
    }

    fn still(bytes: &[u8], format: ImageFormat) -> Result<Self, PictureFault> {
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        reader.limits(limits());
        let mut decoder = reader.into_decoder()?;
        check_size(decoder.dimensions())?;
        let orientation = decoder.orientation()?;
        let profile = decoder
            .icc_profile()?
            .filter(|profile| is_rgb_profile(profile));
        let mut image = DynamicImage::from_decoder(decoder)?;
        image.apply_orientation(orientation);
        let kind = if format == ImageFormat::Png || image.color().has_alpha() {
            Kind::Png
        } else {
            Kind::Jpeg
        };
        let thumbnail = thumbnail(&image, profile.clone())?;
        Ok(Self {
            full: encode(&image, kind, 88, profile)?,
            thumbnail,
        })
    }

    fn moving(bytes: &[u8], most: u64) -> Result<Self, PictureFault> {
        let mut decoder = GifDecoder::new(Cursor::new(bytes))?;
        let (width, height) = decoder.dimensions();
        let pixels = check_size((width, height))?;
        decoder.set_limits(limits())?;
        let mut first = None;
        for (frame, count) in decoder.into_frames().zip(1..) {
            let frame = frame?;
            if pixels * count > most {
                return Err(PictureFault::TooLarge);
            }
            first.get_or_insert_with(|| DynamicImage::ImageRgba8(frame.into_buffer()));
        }
        let first = first.ok_or(PictureFault::NotAPicture)?;
        let bytes = super::gif::bare(bytes).ok_or(PictureFault::NotAPicture)?;
        let full = Encoded {
            kind: Kind::Gif,
            bytes,
            width,
            height,
        };
        Ok(Self {
            full,
            thumbnail: thumbnail(&first, None)?,
        })
    }
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_ALLOC);
    limits
}

fn check_size((width, height): (u32, u32)) -> Result<u64, PictureFault> {
    match u64::from(width) * u64::from(height) {
        0 => Err(PictureFault::NotAPicture),
        pixels if pixels > MAX_PIXELS => Err(PictureFault::TooLarge),
        pixels => Ok(pixels),
    }
}

/// Only a profile for red, green and blue fits what we encode (a CMYK picture was converted on the way).
fn is_rgb_profile(profile: &[u8]) -> bool {
    profile.len() <= MAX_PROFILE && profile.get(16..20) == Some(b"RGB ")
}

fn thumbnail(image: &DynamicImage, profile: Option<Vec<u8>>) -> Result<Encoded, PictureFault> {
    let kind = if image.color().has_alpha() {
        Kind::Png
    } else {
        Kind::Jpeg
    };
    let small = image.width().max(image.height()) <= THUMBNAIL_SIDE;
    if small {
        return encode(image, kind, 80, profile);
    }
    encode(
        &image.thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE),
        kind,
        80,
        profile,
    )
}

fn encode(
    image: &DynamicImage,
    kind: Kind,
    quality: u8,
    profile: Option<Vec<u8>>,
) -> Result<Encoded, PictureFault> {
    let mut bytes = Vec::new();
    let grey = !image.color().has_color();
    let profile = profile.filter(|_| !grey);
    if kind == Kind::Jpeg {
        let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
        let image = if grey {
            DynamicImage::ImageLuma8(image.to_luma8())
        } else {
            image.to_rgb8().into()
        };
        write(encoder, &image, profile)?;
    } else {
        write(PngEncoder::new(&mut bytes), image, profile)?;
    }
    Ok(Encoded {
        kind,
        bytes,
        width: image.width(),
        height: image.height(),
    })
}

fn write(
    mut encoder: impl ImageEncoder,
    image: &DynamicImage,
    profile: Option<Vec<u8>>,
) -> Result<(), PictureFault> {
    if let Some(profile) = profile {
        encoder
            .set_icc_profile(profile)
            .map_err(|error| PictureFault::Encoding(ImageError::Unsupported(error)))?;
    }
    image
        .write_with_encoder(encoder)
        .map_err(PictureFault::Encoding)
}

#[cfg(test)]
mod tests;

use std::time::Duration;

use image::{
    Delay, Frame, GenericImageView, Rgb, RgbImage, Rgba, RgbaImage, codecs::gif::GifEncoder,
};

use super::*;

/// Left half red, right half blue.
fn two_halves(width: u32, height: u32) -> DynamicImage {
    let paint = |x, _| {
        if x < width / 2 {
            Rgb([255, 0, 0])
        } else {
            Rgb([0, 0, 255])
        }
    };
    RgbImage::from_fn(width, height, paint).into()
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A JPEG with an EXIF block: an orientation and a secret in its description.
fn jpeg_with_exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"GPS 39.9042N SECRET");
    let mut segment = b"\xff\xe1".to_vec();
    segment.extend(u16::try_from(exif.len() + 8).unwrap().to_be_bytes());
    segment.extend(b"Exif\0\0");
    segment.extend(exif);
    let plain = encoded(&two_halves(64, 32), ImageFormat::Jpeg);
    [&plain[..2], &segment, &plain[2..]].concat()
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn camera_data_is_gone_and_the_picture_stands_upright() {
    let upload = jpeg_with_exif(6); // turn a quarter to the right
    assert!(holds(&upload, b"SECRET"));
    let picture = Picture::prepare(&upload, Kind::Jpeg).unwrap();
    assert_eq!((picture.full.width, picture.full.height), (32, 64));
    for stored in [&picture.full.bytes, &picture.thumbnail.bytes] {
        assert!(!holds(stored, b"SECRET") && !holds(stored, b"Exif"));
        let back = image::load_from_memory(stored).unwrap();
        let (top, bottom) = (back.get_pixel(16, 8).0, back.get_pixel(16, 56).0);
        assert!(top[0] > 200 && top[2] < 50, "red is on top: {top:?}");
        assert!(
            bottom[2] > 200 && bottom[0] < 50,
            "blue is below: {bottom:?}"
        );
    }
}

#[test]
fn what_follows_a_picture_is_dropped() {
    for (format, kind) in [
        (ImageFormat::Jpeg, Kind::Jpeg),
        (ImageFormat::Png, Kind::Png),
        (ImageFormat::WebP, Kind::Webp),
    ] {
        let mut upload = encoded(&two_halves(64, 32), format);
        upload.extend(b"<script>alert(1)</script>PK\x03\x04");
        let picture = Picture::prepare(&upload, kind).unwrap();
        assert!(!holds(&picture.full.bytes, b"<script>"), "{kind:?}");
    }
}

#[test]
fn a_thumbnail_fits_its_side_and_keeps_the_shape() {
    let upload = encoded(&two_halves(1000, 250), ImageFormat::Png);
    let thumbnail = Picture::prepare(&upload, Kind::Png).unwrap().thumbnail;
    assert_eq!(
        (thumbnail.width, thumbnail.height, thumbnail.kind),
        (320, 80, Kind::Jpeg)
    );
    let back = image::load_from_memory(&thumbnail.bytes).unwrap();
    assert_eq!((back.width(), back.height()), (320, 80));
    let small = Picture::prepare(&encoded(&two_halves(10, 4), ImageFormat::Png), Kind::Png)
        .unwrap()
        .thumbnail;
    assert_eq!(
        (small.width, small.height),
        (10, 4),
        "a small picture is not blown up"
    );
}

#[test]
fn a_webp_becomes_what_suits_it() {
    let opaque =
        Picture::prepare(&encoded(&two_halves(8, 8), ImageFormat::WebP), Kind::Webp).unwrap();
    assert_eq!(opaque.full.kind, Kind::Jpeg);
    let glass: DynamicImage = RgbaImage::from_pixel(8, 8, Rgba([1, 2, 3, 100])).into();
    let glass = Picture::prepare(&encoded(&glass, ImageFormat::WebP), Kind::Webp).unwrap();
    assert_eq!(
        (glass.full.kind, glass.thumbnail.kind),
        (Kind::Png, Kind::Png)
    );
    assert_eq!(
        image::load_from_memory(&glass.full.bytes)
            .unwrap()
            .get_pixel(4, 4)
            .0,
        [1, 2, 3, 100]
    );
}

#[test]
fn a_colour_profile_is_kept_if_it_is_for_rgb() {
    let with_profile = |space: &[u8]| {
        let mut profile = vec![0; 128];
        profile[16..20].copy_from_slice(space);
        let mut bytes = Vec::new();
        let mut encoder = PngEncoder::new(&mut bytes);
        encoder.set_icc_profile(profile).unwrap();
        two_halves(8, 8).write_with_encoder(encoder).unwrap();
        Picture::prepare(&bytes, Kind::Png).unwrap().full.bytes
    };
    assert!(holds(&with_profile(b"RGB "), b"iCCP"));
    assert!(!holds(&with_profile(b"CMYK"), b"iCCP"));
}

/// A valid PNG header that promises far more than follows.
fn flood(width: u32, height: u32) -> Vec<u8> {
    let mut png = encoded(&two_halves(2, 2), ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}

#[test]
fn a_flood_of_pixels_is_refused_by_its_header() {
    for (width, height) in [
        (8_001, 5_000),
        (5_000, 8_001),
        (60_000, 60_000),
        (0x7fff_ffff, 1),
        (0x7fff_ffff, 0x7fff_ffff),
    ] {
        let fault = Picture::prepare(&flood(width, height), Kind::Png).unwrap_err();
        assert!(
            matches!(fault, PictureFault::TooLarge),
            "{width}x{height}: {fault:?}"
        );
    }
    let allowed = Picture::prepare(&flood(8_000, 5_000), Kind::Png).unwrap_err();
    assert!(
        matches!(allowed, PictureFault::Damaged(_)),
        "40 megapixels are decoded: {allowed:?}"
    );
}

#[test]
fn a_damaged_picture_and_a_wrong_kind_are_refused() {
    for (format, kind) in [
        (ImageFormat::Png, Kind::Png),
        (ImageFormat::WebP, Kind::Webp),
        (ImageFormat::Gif, Kind::Gif),
    ] {
        let upload = encoded(&two_halves(64, 64), format);
        for length in [0, 1, 8, 12, 20, upload.len() / 2] {
            assert!(
                Picture::prepare(&upload[..length], kind).is_err(),
                "{kind:?} cut at {length}"
            );
        }
    }
    let png = encoded(&two_halves(8, 8), ImageFormat::Png);
    assert!(Picture::prepare(&png, Kind::Jpeg).is_err());
    assert!(matches!(
        Picture::prepare(&png, Kind::Pdf),
        Err(PictureFault::NotAPicture)
    ));
}

fn moving(frames: usize, side: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 30);
    for _ in 0..frames {
        let frame = two_halves(side, side).to_rgba8();
        let delay = Delay::from_saturating_duration(Duration::from_millis(100));
        encoder
            .encode_frame(Frame::from_parts(frame, 0, 0, delay))
            .unwrap();
    }
    drop(encoder);
    bytes
}

#[test]
fn a_moving_picture_keeps_moving_and_loses_what_is_not_picture() {
    let mut upload = moving(3, 400);
    let comment = b"\x21\xfe\x19<script>alert(1)</script>\0";
    upload.splice(
        13 + 3 * color_count(&upload)..13 + 3 * color_count(&upload),
        *comment,
    );
    upload.extend(b"*/alert(2)");
    let picture = Picture::prepare(&upload, Kind::Gif).unwrap();
    assert!(!holds(&picture.full.bytes, b"alert"));
    let frames = GifDecoder::new(Cursor::new(&picture.full.bytes))
        .unwrap()
        .into_frames();
    assert_eq!(frames.collect_frames().unwrap().len(), 3);
    assert_eq!((picture.full.width, picture.full.height), (400, 400));
    assert_eq!(picture.thumbnail.width, 320);
}

fn color_count(gif: &[u8]) -> usize {
    if gif[10] & 0x80 == 0 {
        0
    } else {
        2 << (gif[10] & 7)
    }
}

#[test]
fn an_endless_moving_picture_is_refused() {
    let upload = moving(4, 10);
    assert!(Picture::moving(&upload, 400).is_ok());
    let fault = Picture::moving(&upload, 399).unwrap_err();
    assert!(matches!(fault, PictureFault::TooLarge), "{fault:?}");
}

#[test]
fn a_huge_canvas_around_a_tiny_frame_is_refused() {
    let mut upload = moving(1, 5);
    upload[6..10].copy_from_slice(&[0xff; 4]);
    let fault = Picture::prepare(&upload, Kind::Gif).unwrap_err();
    assert!(matches!(fault, PictureFault::TooLarge), "{fault:?}");
}

//! Compiles the `.proto` files (with a compiler written in Rust: nobody needs protoc) and gives every message
//! the JSON form of docs/protocol.md: field names as written, numbers as numbers, enum values as `lower_snake_case` words.

use std::{env, fs, path::Path};

use prost_types::{
    DescriptorProto, FieldDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};

const FILES: &[&str] = &["frame.proto", "bus.proto"];

/// The messages with a `oneof`: src/json.rs reads and writes them. Nothing else in the contract uses `oneof`.
const FRAMES: &[&str] = &["ClientFrame", "ServerFrame", "Reply", "Push"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=.");
    let descriptors = protox::compile(FILES, ["."])?;
    let mut config = prost_build::Config::new();
    config.bytes(["."]);
    // Every message has room for a card, and few have one: the large ones lie elsewhere.
    config.boxed(".souk.Card.order");
    config.boxed(".souk.Card.case");
    config.boxed(".souk.Card.product");
    config.boxed(".souk.Card.shortage");
    config.boxed(".souk.Card.coupon");
    config.boxed(".souk.Card.draw");
    config.boxed(".souk.Card.red_packet");
    for file in descriptors
        .file
        .iter()
        .filter(|file| file.package() == "souk")
    {
        for message in &file.message_type {
            describe_message(&mut config, message);
        }
        for kind in &file.enum_type {
            config.enum_attribute(
                format!(".souk.{}", kind.name()),
                "#[derive(utoipa::ToSchema)] #[schema(rename_all = \"snake_case\")]",
            );
        }
    }
    write_names(&descriptors)?;
    config.compile_fds(descriptors)?;
    Ok(())
}

fn describe_message(config: &mut prost_build::Config, message: &DescriptorProto) {
    let path = format!(".souk.{}", message.name());
    if FRAMES.contains(&message.name()) {
        let oneof = message.oneof_decl[0].name();
        config.enum_attribute(
            format!("{path}.{oneof}"),
            "#[derive(serde::Serialize, serde::Deserialize)] #[serde(rename_all = \"snake_case\")]",
        );
        return;
    }
    config.message_attribute(
        &path,
        "#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)] #[serde(default, deny_unknown_fields)]",
    );
    for field in &message.field {
        describe_field(config, &format!("{path}.{}", field.name()), field);
    }
}

fn describe_field(config: &mut prost_build::Config, path: &str, field: &FieldDescriptorProto) {
    let repeated = field.label() == Label::Repeated;
    if field.r#type() == Type::Enum {
        let kind = field.type_name().rsplit('.').next().unwrap_or_default();
        let (form, shape) = if repeated {
            ("words", format!("Vec<{kind}>"))
        } else {
            ("word", kind.to_owned())
        };
        config.field_attribute(
            path,
            format!(
                "#[serde(serialize_with = \"crate::json::{form}_out::<{kind}, _>\", deserialize_with = \"crate::json::{form}_in::<{kind}, _>\")] \
                 #[schema(value_type = {shape})]"
            ),
        );
    } else if !repeated && (field.r#type() == Type::Message || field.proto3_optional()) {
        config.field_attribute(path, "#[serde(skip_serializing_if = \"Option::is_none\")]");
    }
}

/// The names of all requests, for the table in docs/protocol.md and for telling an unknown request from a wrong one;
/// and for each enum how its words are read and written.
fn write_names(descriptors: &FileDescriptorSet) -> std::io::Result<()> {
    let files = || {
        descriptors
            .file
            .iter()
            .filter(|file| file.package() == "souk")
    };
    let requests: Vec<&str> = files()
        .flat_map(|file| &file.message_type)
        .filter(|message| message.name() == "ClientFrame")
        .flat_map(|message| &message.field)
        .filter(|field| field.oneof_index.is_some())
        .map(FieldDescriptorProto::name)
        .collect();
    let mut text = format!(
        "/// Every request, by its JSON name.\npub const REQUESTS: &[&str] = &{requests:?};\n"
    );
    for kind in files().flat_map(|file| &file.enum_type) {
        let (name, prefix) = (kind.name(), shout(kind.name()));
        text.push_str("crate::json::word_of!(");
        text.push_str(name);
        text.push_str(", \"");
        text.push_str(&prefix);
        text.push_str("_\");\n");
    }
    fs::write(
        Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("names.rs"),
        text,
    )
}

fn shout(name: &str) -> String {
    let mut shouted = String::new();
    for (place, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && place > 0 {
            shouted.push('_');
        }
        shouted.extend(letter.to_uppercase());
    }
    shouted
}

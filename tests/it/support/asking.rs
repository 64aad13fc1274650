//! Questions with one kind of answer.

/// A request with some fields set.
macro_rules! request {
    ($request:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {{
        #[allow(clippy::needless_update, reason = "some requests have one field")]
        let request = proto::$request { $($field $(: $value)?,)* ..Default::default() };
        proto::client_frame::Request::$request(request)
    }};
}

/// Asks on a line and takes the one kind of answer that is expected.
macro_rules! asked {
    ($line:expr, $request:ident { $($fields:tt)* } => $answer:ident) => {
        match $line.ask($crate::support::asking::request!($request { $($fields)* })).await {
            proto::reply::Answer::$answer(answer) => answer,
            other => panic!("expected another answer than {other:?}"),
        }
    };
}

/// Asks on a line for what is refused.
macro_rules! refused {
    ($line:expr, $request:ident { $($fields:tt)* }) => {
        $line.refused($crate::support::asking::request!($request { $($fields)* })).await
    };
}

pub(crate) use {asked, refused, request};

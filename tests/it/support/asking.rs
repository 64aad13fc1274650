//! Questions with one kind of answer.

/// Asks on a line and takes the one kind of answer that is expected.
macro_rules! asked {
    ($line:expr, $request:ident { $($field:ident $(: $value:expr)?),* $(,)? } => $answer:ident) => {
        match $line
            .ask(proto::client_frame::Request::$request(proto::$request { $($field $(: $value)?,)* ..Default::default() }))
            .await
        {
            proto::reply::Answer::$answer(answer) => answer,
            other => panic!("expected another answer than {other:?}"),
        }
    };
}

/// Asks on a line for what is refused.
macro_rules! refused {
    ($line:expr, $request:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {
        $line
            .refused(proto::client_frame::Request::$request(proto::$request { $($field $(: $value)?,)* ..Default::default() }))
            .await
    };
}

pub(crate) use {asked, refused};

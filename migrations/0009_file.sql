-- Uploaded files. The bytes lie on the shelf (a folder or a bucket) under the file's id.

create table files (
  id uuid primary key,
  owner_id uuid not null references users,
  shop_id uuid references shops,
  kind text not null constraint files_kind check (kind in ('picture', 'voice', 'file')),
  name text not null constraint files_name check (octet_length(name) between 1 and 255),
  media_type text not null,
  size bigint not null constraint files_size check (size >= 0),
  width integer,
  height integer,
  thumbnail_id uuid,
  created_at timestamptz not null
);
comment on column files.shop_id is 'the shop that the owner belongs to (bots, embedded customers), else null';
comment on column files.kind is 'by content, never by what the client said; voice is any sound';
comment on column files.media_type is 'by content; the only type that it is ever served with';
comment on column files.width is 'pixels as seen; pictures only';
comment on column files.thumbnail_id is 'where its small picture lies on the shelf';
create index files_owner on files (owner_id);
create unique index files_thumbnail on files (thumbnail_id);

create table file_usage (
  owner_id uuid primary key references users,
  bytes bigint not null constraint file_usage_bytes check (bytes >= 0)
);
comment on table file_usage is 'Bytes of all of a user''s files: the statement that adds to it decides whether there is room.';

create table file_grants (
  file_id uuid not null references files,
  conversation_id uuid not null references conversations,
  number bigint not null,
  primary key (file_id, conversation_id, number)
);
comment on table file_grants is 'This message carries the file: whoever takes part in its conversation may fetch it.';
create index file_grants_message on file_grants (conversation_id, number);

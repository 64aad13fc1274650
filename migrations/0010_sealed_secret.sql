-- Secrets lie sealed (src/vault). What was written before is sealed by the first server that starts.

comment on column webhook_endpoints.secret is 'whsec_…, shown to the shop once; sealed: v1.KEY.…';
comment on column webhook_endpoints.previous_secret is 'still signs, beside the new one, until previous_until; sealed';
comment on column embed_keys.secret is 'shown to the shop once; sealed: v1.KEY.…';
comment on table outgoing_messages is 'Texts to phones and mailboxes, kept only where the development profile shows them on a page.';

//! A fresh database each, copied from a template that is migrated once a run.

use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions,
};
use tokio::sync::OnceCell;
use uuid::Uuid;

static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// Where the tests' PostgreSQL is; `./dev test` starts one and sets this.
pub fn cluster() -> PgConnectOptions {
    let url = std::env::var("SOUK_TEST_DATABASE_URL").expect("run the tests by `./dev test`");
    url.parse().expect("SOUK_TEST_DATABASE_URL is a URL")
}

/// A new database with the schema and nothing else.
pub async fn fresh() -> PgConnectOptions {
    let template = TEMPLATE.get_or_init(template).await;
    let name = format!("test_{}", Uuid::now_v7().simple());
    create(&name, Some(template)).await;
    cluster().database(&name)
}

async fn template() -> String {
    let name = format!("template_{}", Uuid::now_v7().simple());
    create(&name, None).await;
    let mut sql = cluster()
        .database(&name)
        .connect()
        .await
        .expect("the template is there");
    sqlx::migrate!()
        .run(&mut sql)
        .await
        .expect("migrations run");
    sql.close().await.expect("closes");
    name
}

async fn create(name: &str, template: Option<&str>) {
    let mut sql: PgConnection = cluster()
        .connect()
        .await
        .expect("the tests' PostgreSQL answers");
    let template = template
        .map(|template| format!(" template {template}"))
        .unwrap_or_default();
    let statement = format!("create database {name}{template}");
    sql.execute(sqlx::AssertSqlSafe(statement))
        .await
        .expect("a database can be made");
}

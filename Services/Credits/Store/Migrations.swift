internal import Storage

/// The schema of the ledger, step by step; see `Migrations/`.
enum Migrations {
    static let all = [
        Migration(1, "create_ledger", PackageResources._001_create_ledger_sql),
        Migration(
            2, "key_prices_by_catalogue", PackageResources._002_key_prices_by_catalogue_sql),
        Migration(3, "add_quotes", PackageResources._003_add_quotes_sql),
        Migration(4, "add_blocks", PackageResources._004_add_blocks_sql),
        Migration(5, "add_budgets", PackageResources._005_add_budgets_sql),
        Migration(
            6, "add_limits_and_corrections",
            PackageResources._006_add_limits_and_corrections_sql),
        Migration(7, "add_payments", PackageResources._007_add_payments_sql),
        Migration(
            8, "watch_paid_purchases", PackageResources._008_watch_paid_purchases_sql),
        Migration(9, "order_hold_parts", PackageResources._009_order_hold_parts_sql),
    ]
}

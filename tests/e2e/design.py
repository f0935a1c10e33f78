# SPDX-License-Identifier: MIT
"""The contract of docs/verdicts.md, written down a second time: result, blame and the action under
each policy of every reason. A report that says otherwise is wrong."""

# reason: (result, blame, lenient, balanced, strict); result "" of duplicate: that of the first row
REASONS = {}
for line in """
    mailbox_accepted        deliverable   -          keep    keep    keep
    delivered               deliverable   -          keep    keep    keep
    not_probed              plausible     -          keep    keep    keep
    catch_all               risky         domain     keep    keep    review
    accepts_all_provider    plausible     domain     keep    keep    keep
    restricted              risky         recipient  keep    review  review
    role_account            risky         recipient  keep    review  drop
    disposable_domain       risky         domain     review  drop    drop
    placeholder             risky         recipient  review  review  drop
    typo_suspected          risky         domain     review  review  drop
    typo_dead               undeliverable domain     review  review  drop
    mailbox_full            risky         recipient  keep    review  drop
    soft_bounced            risky         recipient  keep    review  drop
    syntax_several          undeliverable recipient  review  review  drop
    no_address              undeliverable recipient  drop    drop    drop
    reserved_domain         undeliverable domain     drop    drop    drop
    unknown_tld             undeliverable domain     review  review  drop
    no_domain               undeliverable domain     drop    drop    drop
    no_mail_host            undeliverable domain     drop    drop    drop
    null_mx                 undeliverable domain     drop    drop    drop
    mx_unresolvable         undeliverable domain     drop    drop    drop
    mx_unroutable           undeliverable domain     review  review  drop
    domain_unreachable      risky         domain     keep    review  drop
    hard_bounced            undeliverable recipient  drop    drop    drop
    full_too_long           undeliverable recipient  review  drop    drop
    bounced_too_often       undeliverable recipient  review  drop    drop
    complained              undeliverable recipient  drop    drop    drop
    unsubscribed            undeliverable recipient  drop    drop    drop
    suppressed              undeliverable recipient  drop    drop    drop
    dns_failure             unknown       network    keep    review  review
    not_checked             plausible     us         keep    keep    keep
    duplicate               -             recipient  drop    drop    drop
    """.split("\n"):
    if line.strip():
        name, *cells = line.split()
        REASONS[name] = tuple("" if cell == "-" else cell for cell in cells)

# Every other fault of an address has this row.
SYNTAX = ("undeliverable", "recipient", "drop", "drop", "drop")
POLICIES = ("lenient", "balanced", "strict")


def row_of(reason):
    """The row of a reason, or None if the design knows no such reason."""
    return REASONS.get(reason) or (SYNTAX if reason.startswith("syntax_") else None)


def faults_of(row, policy):
    """What a row of the report says against the design: a list of sentences."""
    design = row_of(row["reason"])
    if design is None:
        return [f"there is no reason {row['reason']}"]
    result, blame, *actions = design
    faults = []
    if result and row["result"] != result:
        faults.append(f"{row['reason']} is {result}, not {row['result']}")
    if row["blame"] != blame:
        faults.append(f"{row['reason']} blames '{blame}', not '{row['blame']}'")
    action = actions[POLICIES.index(policy)]
    if row["action"] != action:
        faults.append(f"{row['reason']} is {action} under {policy}, not {row['action']}")
    if row["action"] == "drop" and row["blame"] not in ("recipient", "domain"):
        faults.append(f"{row['reason']} drops, and blames {row['blame'] or 'nobody'}")
    return faults

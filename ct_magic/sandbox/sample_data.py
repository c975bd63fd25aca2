"""The sandbox's own data: a food-and-shopping app, three years long, the same for the same seed.

`README.md`, "The data", says what can be found in it. A session's `time_of_day` is the minute in
which it began, like "13:05", and `day_of_week` its day's English name, both in UTC. Names and
values of `tech`, `app`, `demographics` and `reachability` are those of the vendor's examples; the
name of the other platform is on no page, so only Android's profiles have a `Platform`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

SESSIONS_A_PROFILE = 4.6  # tried before weekday and season thin them out
_COHORT_WEEKS = 14  # before today, whose newcomers come back by .14 + .32 e^(-w/3) after w weeks
TRIAL = 8  # weeks since the experiment began

SETUP = """
CREATE MACRO u(a, b, salt) AS (hash(a, b, salt, {seed}) % 1000003) / 1000003.0;
CREATE MACRO pick(list, x) AS list[1 + floor(x * len(list))::INTEGER];
CREATE MACRO skewed(list, x) AS list[1 + floor(power(x, 2) * len(list))::INTEGER];
-- Days since the first, the last fortnight stretched up to today.
CREATE MACRO joining_day(x) AS
    floor(least(x * {days}, {days} - 14) + greatest(x * {days} - {days} + 14, 0) * 16 / 14)::INTEGER;
CREATE TABLE profiles (
    profile_id BIGINT, profile JSON, tech JSON, app JSON, demographics JSON, reachability JSON,
    country VARCHAR, state VARCHAR, city VARCHAR);
CREATE TABLE events (
    profile_id BIGINT, event_name VARCHAR, ts TIMESTAMP, properties JSON, session JSON);
"""

_PEOPLE = """
CREATE TEMP TABLE people AS
WITH place(n, country, state, city) AS (VALUES
    (1, 'India', 'Maharashtra', 'Mumbai'), (2, 'India', 'Karnataka', 'Bengaluru'),
    (3, 'India', 'Delhi', 'New Delhi'), (4, 'Singapore', 'Singapore', 'Singapore'),
    (5, 'India', 'Tamil Nadu', 'Chennai'), (6, 'United Arab Emirates', 'Dubai', 'Dubai'),
    (7, 'Indonesia', 'Jakarta', 'Jakarta'), (8, 'United States', 'California', 'San José')),
base AS (SELECT i AS profile_id,
    1 + floor(power(u(i, 0, 'place'), 1.7) * 8)::INTEGER AS n,
    CASE WHEN u(i, 0, 'type') < .62 THEN 'Silver' WHEN u(i, 0, 'type') < .91 THEN 'Gold'
         ELSE 'Platinum' END AS kind,
    CASE WHEN u(i, 0, 'os') < .68 THEN 'Android' ELSE 'iOS' END AS os,
    CASE WHEN u(i, 0, 'group') < .5 THEN 'control' ELSE 'treated' END AS trial,
    i % 25 = 0 AS early,
    power(u(i, 0, 'joined'), 1.8) AS joined,
    1 / power(u(i, 0, 'keen') + .04, .75) AS keen
  FROM range(1, {profiles} + 1) AS r(i))
SELECT base.*, place.* EXCLUDE n,
    CASE WHEN country = 'Singapore'
         THEN greatest({launch}, {first} + joining_day(joined))
         WHEN early THEN {first} ELSE {first} + joining_day(joined) END AS since,
    since > {young} AS young
FROM base JOIN place USING (n);
INSERT INTO profiles SELECT profile_id,
    json_object('Customer Type', kind, 'Loyalty points', floor(u(profile_id, 1, 'pts') * 5000)::INT,
                'Newsletter', CASE WHEN u(profile_id, 1, 'news') < .4 THEN 'True' ELSE 'False' END,
                'Group', trial, 'language', skewed(['en', 'hi', 'ar', 'id'], u(profile_id, 1, 'lang'))),
    json_merge_patch(
      json_object('OS', os, 'Device', CASE WHEN u(profile_id, 1, 'dev') < .9 THEN 'Mobile' ELSE 'Tablet' END,
                  'Carrier', pick(['Airtel', 'Jio', 'Singtel', 'du'], u(profile_id, 1, 'c'))),
      CASE WHEN os = 'Android' THEN '{{"Platform": "AndroidApp"}}' ELSE '{{}}' END),
    json_object('App Version', skewed(['5.2', '5.1', '5.0', '4.9'], u(profile_id, 1, 'app')),
                'Make', CASE WHEN os = 'iOS' THEN 'Apple'
                        ELSE pick(['Samsung', 'Xiaomi', 'Google'], u(profile_id, 1, 'make')) END),
    json_object('Gender', pick(['Female', 'Male'], u(profile_id, 1, 'g')),
                'Education', skewed(['Graduate', 'College', 'School'], u(profile_id, 1, 'edu')),
                'Age', 18 + floor(power(u(profile_id, 1, 'age'), 1.6) * 50)::INT),
    json_object('has_token', CASE WHEN u(profile_id, 1, 'push') < .7 THEN 'True' ELSE 'False' END),
    country, state, city
FROM people;
"""

# How busy a day is, as a share of the busiest: weekday, season, and the campaign for some. One step
# after the other, each expression in one of them: of a small sandbox, most time is their compilation.
VISITS = """
CREATE TEMP TABLE visits AS
WITH tried AS (SELECT *, u(profile_id, k, 'day') AS x
  FROM (SELECT *, unnest(range(0, 1 + CASE WHEN young THEN {weeks}
      ELSE floor(keen * {mean} / 2.05)::INTEGER END)) AS k FROM people)),
dated AS (SELECT profile_id, k, kind, trial, young, k = 0 AND (young OR NOT early) AS joins,
    since + CASE WHEN joins THEN 0
      WHEN NOT young THEN floor(x * ({today} - since + 1))
      WHEN k = 1 THEN 1 + floor(x * 6)
      ELSE 7 * (k - 1) + floor(x * 7) END::INTEGER AS day
  FROM tried),
kept AS (SELECT profile_id, k, trial, day,
    row_number() OVER (PARTITION BY profile_id ORDER BY day, k) = 1 AS first_time,
    young AND k = 0 AND u(profile_id, 0, 'spot') < .25 AS saw_spot,
    day >= {campaign} AND day < {campaign} + 30 AND kind <> 'Silver' AS moved,
    u(profile_id, k, 'depth') AS depth,
    u(profile_id, k, 't') AS x
  FROM dated WHERE day <= {today} AND (joins OR CASE
    WHEN young THEN u(profile_id, k, 'stay') < .14 + .32 * exp((1 - k) / 3.0)
    ELSE u(profile_id, k, 'keep') <
      (CASE WHEN dayofweek(day) IN (0, 6) THEN 1 WHEN dayofweek(day) = 1 THEN .7 ELSE .8 END)
      * (CASE WHEN month(day) IN (11, 12) THEN .95 ELSE .63 END) END)),
timed AS (SELECT profile_id, k, day, first_time, moved, depth,
    day::TIMESTAMP + to_seconds(CASE WHEN saw_spot THEN 81000 + floor(900 * x)
      ELSE floor(3600 * 24 * (.25 + .73 * x)) END::BIGINT) AS t,
    depth < CASE WHEN moved THEN .26 WHEN trial = 'treated' AND day > {trial} THEN .2
      ELSE .12 END AS buys
  FROM kept)
SELECT *,
    json_object('first_time', CASE WHEN first_time THEN 'True' ELSE 'False' END,
      'utm_source', skewed(['google', 'facebook', 'newsletter', 'referral'], u(profile_id, k, 'utm')),
      'utm_medium', pick(['cpc', 'email', 'organic'], u(profile_id, k, 'med')),
      'utm_campaign', skewed(['spring', 'feast', 'brand'], u(profile_id, k, 'camp')),
      'session_source', pick(['direct', 'push', 'deep link'], u(profile_id, k, 'src')),
      'time_of_day', strftime(t, '%H:%M'), 'day_of_week', dayname(t)) AS session,
    skewed(['Shoes', 'Bags', 'Groceries', 'Books', 'Toys'], u(profile_id, k, 'cat')) AS category,
    skewed(['Acme', 'Orbit', 'Köttbullar & Söner', 'नमस्ते'], u(profile_id, k, 'brand')) AS brand,
    round(5 + 900 * power(u(profile_id, k, 'amount'), 3), 2) AS amount,
    skewed(['UPI', 'Credit Card', 'Cash', 'Wallet'], u(profile_id, k, 'pay')) AS payment,
    buys AND u(profile_id, k, 'again') < .15 AS again
FROM timed;
"""

# The funnel narrows: of a hundred visits some 55 look, 24 put into the cart, 12 buy.
_HAPPENED = """
INSERT INTO events SELECT * FROM (
SELECT profile_id, 'App Launched' AS event, t,
    json_object('Screen', pick(['Home', 'Offers', 'Search'], depth)), session FROM visits
UNION ALL SELECT profile_id, 'App Installed', t - INTERVAL 2 MINUTE, '{{}}', session
    FROM visits WHERE first_time
UNION ALL SELECT profile_id, 'Product Viewed', t + INTERVAL 1 MINUTE,
    json_object('Category', category, 'Brand', brand, 'Price', amount), session
    FROM visits WHERE (depth < .55 OR moved) AND NOT again
UNION ALL SELECT profile_id, 'Added To Cart', t + INTERVAL 3 MINUTE,
    json_object('Category', category, 'Brand', brand, 'Quantity', 1 + (k % 3)), session
    FROM visits WHERE depth < CASE WHEN moved THEN .42 ELSE .24 END AND NOT again
UNION ALL SELECT profile_id, 'Charged', t + INTERVAL 6 MINUTE,
    json_merge_patch(json_object('Amount', amount, 'Payment mode', payment, 'Category', category,
      'Brand', brand, 'Gift', CASE WHEN k % 7 = 0 THEN 'True' ELSE 'False' END,
      'Items', [json_object('Product', brand || ' ' || category, 'Price', amount),
                json_object('Product', 'Gift wrap', 'Price', 2)]),
      CASE WHEN u(profile_id, k, 'coupon') < .3
           THEN json_object('Coupon', pick(['WELCOME', 'FEAST10'], u(profile_id, k, 'which'))) ELSE '{{}}' END), session
    FROM visits WHERE buys
    AND NOT (payment = 'UPI' AND day >= {june} AND day < {july} AND u(profile_id, k, 'fail') < .85)
UNION ALL SELECT profile_id, 'choseNewFavoriteFood', t + INTERVAL 2 MINUTE,
    json_object('value', skewed(['pizza', 'noodles', 'spicy pizza', 'dosa', 'salad', 'Pizza bianca'],
      u(profile_id, k, 'food'))), session FROM visits WHERE depth BETWEEN .6 AND .72
UNION ALL SELECT profile_id, 'Ride by night', t + INTERVAL 4 MINUTE,
    CASE WHEN k % 2 = 0 THEN json_object('50% off', 'True', 'Distance', round(20 * depth, 1))
         ELSE json_object('Distance', round(20 * depth, 1)) END, session
    FROM visits WHERE depth > .97
UNION ALL SELECT profile_id, 'Notification Sent', t - INTERVAL 8 HOUR,
    json_object('Campaign', skewed(['Daily deals', 'Come back', 'Birthday'], depth)), '{{}}'
    FROM visits WHERE depth BETWEEN .3 AND .62
UNION ALL SELECT profile_id, 'Notification Clicked', t - INTERVAL 1 MINUTE,
    json_object('Campaign', skewed(['Daily deals', 'Come back', 'Birthday'], depth)), session
    FROM visits WHERE depth BETWEEN .3 AND .38
UNION ALL SELECT profile_id, 'Notification Sent', {campaign}::TIMESTAMP + INTERVAL 9 HOUR,
    json_object('Campaign', 'Feast'), '{{}}' FROM people WHERE since < {campaign}
UNION ALL SELECT profile_id, 'App Uninstalled', max(t) + INTERVAL 1 HOUR, '{{}}', '{{}}' FROM visits
    WHERE u(profile_id, 0, 'gone') < .16 GROUP BY profile_id
UNION ALL SELECT profile_id, 'choseNewFavoriteFood',
    TIMESTAMP '2015-06-01' + to_seconds(floor(u(profile_id, n, 'old') * 86400 * 200)::BIGINT),
    json_object('value', skewed(['pizza', 'noodles', 'spicy pizza', 'dosa'],
      u(profile_id, n, 'oldfood'))), json_object('first_time', 'False')
    FROM (SELECT profile_id, unnest(range(0, 4)) AS n FROM people WHERE early))
WHERE t < {today}::TIMESTAMP + INTERVAL 1 DAY ORDER BY event, t;
DROP TABLE visits;
DROP TABLE people;
"""


def generate(db: duckdb.DuckDBPyConnection, profiles: int, seed: int, today: date) -> None:
    """Fill `profiles` and `events`, sorted as `stored.SORTED` says; `ts` is in UTC."""
    first = today - timedelta(days=3 * 365)
    june = date(today.year - (today.month <= 7), 6, 1)
    values = {
        "profiles": int(profiles),
        "seed": int(seed),
        "days": 3 * 365 - 1,
        "mean": SESSIONS_A_PROFILE,
        "today": f"DATE '{today}'",
        "first": f"DATE '{first}'",
        "launch": f"DATE '{first + timedelta(days=180)}'",
        "campaign": f"DATE '{june.replace(month=3)}'",
        "june": f"DATE '{june}'",
        "july": f"DATE '{june.replace(month=7)}'",
        "weeks": _COHORT_WEEKS,
        "young": f"DATE '{today - timedelta(weeks=_COHORT_WEEKS)}'",
        "trial": f"DATE '{today - timedelta(weeks=TRIAL)}'",
    }
    for part in (SETUP, _PEOPLE, VISITS, _HAPPENED):
        db.execute(part.format(**values))

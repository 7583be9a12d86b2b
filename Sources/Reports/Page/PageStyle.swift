/// The look of a page, light and dark, without anything from outside.
enum PageStyle {
    static let css = """
        :root{color-scheme:light dark;--back:#fbfbfc;--card:#fff;--text:#1c2126;--soft:#69727d;--edge:#dfe3e8;--given:#bcd7f5;--used:#2871cc;
        --line:#c2410c;--succeeded:#2f8f5b;--failed:#d13438;--killed:#b4232f;--timedOut:#d98a00;--outOfMemory:#8b4fc6;--cancelled:#8d96a0;
        --startFailed:#7a3b2e;--preempted:#4a90a4;--lost:#3d444b}
        @media (prefers-color-scheme:dark){:root{--back:#14171a;--card:#1c2024;--text:#e6e9ec;--soft:#98a2ad;--edge:#30363d;--given:#2b4a6f;
        --used:#5aa2f5;--line:#f08a4b;--succeeded:#4bb37a;--failed:#f0666a;--killed:#e0525e;--timedOut:#e8aa3c;--outOfMemory:#b083e8;
        --cancelled:#6f7882;--startFailed:#b5705f;--preempted:#6fb5c9;--lost:#aab3bd}}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:1180px;padding:28px 24px 60px;background:var(--back);color:var(--text);
        font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
        h1{font-size:24px;margin:0}h2{font-size:17px;margin:0 0 2px}header{margin-bottom:20px}p{margin:0}
        .soft,.none{color:var(--soft)}
        section{background:var(--card);border:1px solid var(--edge);border-radius:10px;padding:16px 18px;margin:16px 0;overflow-x:auto}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px}
        .card{background:var(--card);border:1px solid var(--edge);border-radius:10px;padding:12px 14px}
        .card b{display:block;font-size:21px;font-weight:600;font-variant-numeric:tabular-nums}
        svg.plot{display:block;width:100%;height:auto;margin-top:8px}
        .grid{stroke:var(--edge);stroke-width:1}.tick,.value{fill:var(--soft);font-size:12px}.value{fill:var(--text)}
        .whole{stroke:var(--line);stroke-width:1.5;stroke-dasharray:5 4}
        rect.given,.key.given{fill:var(--given);background:var(--given)}rect.used,.key.used{fill:var(--used);background:var(--used)}
        rect.run{stroke:var(--card);stroke-width:.4}rect.run:hover,rect.given:hover,rect.used:hover{opacity:.75}
        rect.wait.p50{fill:var(--used)}rect.wait.p90{fill:var(--given)}rect.wait.p99{fill:var(--soft)}
        .succeeded{fill:var(--succeeded);background:var(--succeeded)}.failed{fill:var(--failed);background:var(--failed)}
        .killed{fill:var(--killed);background:var(--killed)}.timedOut{fill:var(--timedOut);background:var(--timedOut)}
        .outOfMemory{fill:var(--outOfMemory);background:var(--outOfMemory)}.cancelled{fill:var(--cancelled);background:var(--cancelled)}
        .startFailed{fill:var(--startFailed);background:var(--startFailed)}.preempted{fill:var(--preempted);background:var(--preempted)}
        .nodeLost,.monitorLost{fill:var(--lost);background:var(--lost)}
        .key{display:inline-block;width:11px;height:11px;border-radius:2px;margin:0 5px 0 12px;vertical-align:-1px}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;white-space:nowrap}
        th,td{padding:5px 10px;text-align:right;border-bottom:1px solid var(--edge)}th{color:var(--soft);font-weight:500}
        th:first-child,td:first-child{text-align:left}tr:last-child td{border-bottom:0}tr.total td{font-weight:600}
        @media print{body{max-width:none}section{break-inside:avoid}}
        """
}

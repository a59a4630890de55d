"""How the page looks: one style sheet, light and dark, from a phone's width up. No font or picture is fetched."""

STYLE = """
:root{color-scheme:light dark;--paper:#f6f5f1;--card:#fff;--ink:#1c2025;--soft:#5d656e;--line:#e2e0d8;--accent:#0b7a6f;
--accent-soft:#d8eeea;--other:#b9bec4;--c0:#2f6db5;--c1:#d98324;--c2:#7d55b8;--c3:#2a9d6f;--c4:#c2466b;--c5:#8a7a2b;
--base:#a5abb2;--new:#a3470b;--new-soft:#fcebdc}
@media(prefers-color-scheme:dark){:root{--paper:#14171a;--card:#1d2125;--ink:#e9ebed;--soft:#9fa8b0;--line:#31373d;
--accent:#4fc4b4;--accent-soft:#173c38;--other:#59616a;--c0:#6aa5ea;--c1:#efa552;--c2:#b08fe6;--c3:#5fcb9d;--c4:#ee7fa0;
--c5:#cdbb5c;--base:#6b737b;--new:#f2ab72;--new-soft:#42290f}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","Helvetica Neue","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;
-webkit-text-size-adjust:100%}
main{max-width:1120px;margin:0 auto;padding:40px 24px 64px}
h1{font-size:clamp(1.6rem,4.6vw,2.4rem);line-height:1.15;margin:0 0 10px;letter-spacing:-.02em;text-wrap:balance}
h2{font-size:1.3rem;line-height:1.25;margin:56px 0 6px;letter-spacing:-.01em}
h3{font-size:1rem;margin:0}
p{margin:0 0 16px;max-width:72ch}.soft,small{color:var(--soft)}small{font-size:.82rem;font-weight:400}
.tiles{display:flex;flex-wrap:wrap;background:var(--card);border:1px solid var(--line);border-radius:12px;
overflow:hidden;margin:28px 0 0}
.tiles div{flex:1 1 120px;padding:14px 18px;box-shadow:-1px -1px 0 var(--line)}
.tiles b{display:block;font-size:1.35rem;line-height:1.2;
font-variant-numeric:tabular-nums}.tiles span{color:var(--soft);font-size:.85rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px;margin:14px 0}
.chips{display:flex;flex-wrap:wrap;gap:6px;margin:0 0 18px;padding:0;list-style:none}
.chips li{background:var(--card);border:1px solid var(--line);border-radius:99px;padding:2px 11px;font-size:.86rem;
max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.legend{display:flex;flex-wrap:wrap;gap:6px 18px;font-size:.86rem;color:var(--soft);margin:0 0 6px;align-items:center}
.legend i,.reasons i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:7px;vertical-align:-1px}
i.c0{background:var(--c0)}i.c1{background:var(--c1)}i.c2{background:var(--c2)}i.c3{background:var(--c3)}
i.c4{background:var(--c4)}i.c5{background:var(--c5)}
i.c-base{background:repeating-linear-gradient(45deg,var(--base) 0 3px,transparent 3px 6px);
box-shadow:inset 0 0 0 1px var(--base)}
ol.list{list-style:none;margin:0;padding:0}
ol.list>li{padding:18px 0;border-top:1px solid var(--line);display:grid;
grid-template-columns:2.2rem minmax(0,1fr) auto;column-gap:12px}
ol.list>li:first-child{border-top:0;padding-top:4px}ol.list>li:last-child{padding-bottom:0}
.rank{color:var(--soft);font-variant-numeric:tabular-nums;font-size:1.05rem;text-align:right;padding-right:4px}
.name{font-weight:650;overflow-wrap:anywhere}
.score{font-variant-numeric:tabular-nums;font-weight:650}
.new{background:var(--new-soft);color:var(--new);border-radius:99px;padding:1px 9px;font-size:.78rem;font-weight:600;
margin-left:8px;white-space:nowrap}
.body{grid-column:2/-1;min-width:0}
.body p{margin:6px 0 0;font-size:.95rem;overflow-wrap:anywhere}.body p[lang=zh]{color:var(--soft);font-size:.9rem}
.stack{position:relative;height:16px;margin:10px 0 12px;border-radius:4px;background:var(--paper);overflow:hidden}
.stack i{position:absolute;top:0;bottom:0;border-right:1.5px solid var(--card)}
.stack b{position:absolute;top:0;bottom:0;width:2px;margin-left:-1px;background:var(--ink)}
details{margin-top:8px}summary{cursor:pointer;color:var(--accent);font-size:.88rem;width:max-content;max-width:100%}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;width:100%}
td,th{padding:5px 10px 5px 0;border-bottom:1px solid var(--line);text-align:left;font-weight:400;overflow-wrap:anywhere}
th{color:var(--soft);font-size:.82rem}td.n,th.n{text-align:right;padding:5px 0 5px 14px;white-space:nowrap}
tr.sum td{border-bottom:0;font-weight:650}tr:last-child td{border-bottom:0}td.best{font-weight:700;color:var(--accent)}
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}.scroll td,.scroll th{overflow-wrap:normal;white-space:nowrap}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,250px),1fr));gap:22px 34px}
.wide{grid-template-columns:repeat(auto-fit,minmax(min(100%,330px),1fr))}
figure{margin:0;min-width:0}figcaption{font-weight:650;font-size:.92rem;margin-bottom:6px}
.bar{display:grid;grid-template-columns:5.6rem 1fr 3.6rem;gap:10px;align-items:center;font-size:.86rem;margin:5px 0}
.who{color:var(--soft);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.track{height:14px;background:var(--paper);border-radius:3px}
.track i{display:block;height:100%;background:var(--other);border-radius:3px;min-width:2px}
.value{text-align:right;font-variant-numeric:tabular-nums}.best .value{font-weight:700}
.ours .who{color:var(--ink);font-weight:650}.ours .track i{background:var(--accent)}
svg{display:block;max-width:100%;height:auto}svg text{font-family:inherit;fill:var(--ink)}
.curves svg{width:100%}.curves .grid{stroke:var(--line)}.curves .tick{font-size:12px;fill:var(--soft)}
.curves .curve{fill:none;stroke:var(--accent);stroke-width:2.2;stroke-linejoin:round}
.curves .best{fill:var(--card);stroke:var(--accent);stroke-width:2.2}
.curves .mark{font-size:12.5px;font-weight:650;paint-order:stroke;stroke:var(--card);stroke-width:4px}
svg.paths{width:100%;min-width:900px;margin:0 auto}
.edge{fill:none;stroke:var(--other);stroke-width:1.5}.arrow{fill:var(--soft)}
.word{font-size:11.5px;text-anchor:middle}svg .word{fill:var(--soft)}
.box rect{fill:var(--card);stroke:var(--line);stroke-width:1.2}.box rect.mark{stroke:none;fill:var(--other)}
.box.user rect.mark{fill:var(--soft)}.box.past rect.mark{fill:var(--c0)}.box.entity rect.mark{fill:var(--c1)}
.box.item rect{stroke:var(--accent);fill:var(--accent-soft)}.box.item rect.mark{fill:var(--accent)}
svg .type{font-size:11.5px;fill:var(--soft)}svg .name{font-size:13px;font-weight:600}
svg .note{font-size:11.5px;fill:var(--accent);font-weight:600}svg .note.against{fill:var(--new)}
.narrow-hint{display:none}
@media(max-width:640px){main{padding:24px 14px 48px}.card{padding:14px;border-radius:10px}h2{margin-top:42px}
ol.list>li{grid-template-columns:1.5rem minmax(0,1fr) auto;column-gap:8px}.body{grid-column:1/-1}
.narrow-hint{display:block;font-size:.82rem;color:var(--soft);margin:0 0 6px}.tiles b{font-size:1.15rem}}
@media print{body{background:#fff}.card{break-inside:avoid}}
"""

/* SPDX-License-Identifier: MIT
 *
 * The colours are those of Okabe and Ito, which the colour-blind tell apart, a little brighter on
 * dark paper.
 */
#include "run/page.h"

/* clang-format off */
const char *const sim_page_css[] = {
    ":root{color-scheme:light dark;--ink:#1b2430;--dim:#5d6875;--paper:#f7f7f4;--card:#fff;"
    "--line:#e4e6e9;--c0:#a4acb5;--c1:#0072b2;--c2:#d55e00;--c3:#009e73;--c4:#b05a8c;--c5:#b98500;"
    "--c6:#56b4e9;--gutter:84px}\n",
    "@media(prefers-color-scheme:dark){:root{--ink:#e7eaee;--dim:#9aa6b3;--paper:#12161b;"
    "--card:#1a2027;--line:#2b333d;--c0:#6c7783;--c1:#4ba3e3;--c2:#f0803c;--c3:#2fbf94;"
    "--c4:#dc92be;--c5:#e8b64c;--c6:#a5d8f5}}\n",
    "*{box-sizing:border-box}"
    "body{background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;margin:0}\n",
    "main{max-width:1120px;margin:0 auto;padding:28px 20px 50px}\n",
    "h1{font-size:26px;line-height:1.25;margin:0 0 6px;overflow-wrap:anywhere}.legend li{overflow-wrap:anywhere}h2{font-size:16px;margin:0}\n",
    ".about{color:var(--dim);max-width:80ch;margin:0 0 10px}.facts{color:var(--dim);margin:0}\n",
    ".verdict{display:inline-block;font-weight:600;border-radius:99px;padding:2px 14px;"
    "margin:10px 0 0;color:#fff;background:#00795a}.verdict.bad{background:#b34700}\n",
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;"
    "margin:16px 0 0}\n",
    "section,.tile{background:var(--card);border:1px solid var(--line);border-radius:8px}\n",
    ".tile{padding:10px 13px}.tile b{display:block;white-space:nowrap;font-size:20px;line-height:1.3;"
    "font-variant-numeric:tabular-nums}.tile span{color:var(--dim);font-size:13px}\n",
    "section{margin-top:14px;padding:14px 18px}\n",
    ".note,.nothing{color:var(--dim);font-size:13px;margin:2px 0 0;max-width:90ch}\n",
    ".legend{list-style:none;display:flex;flex-wrap:wrap;gap:0 20px;margin:6px 0 10px;padding:0;"
    "font-size:13px}.legend b{font-variant-numeric:tabular-nums;margin-left:6px}\n",
    ".legend i{display:inline-block;width:18px;height:10px;margin-right:7px;border-radius:2px;"
    "background:currentColor;vertical-align:-1px}.legend i.line{height:3px;vertical-align:4px}"
    ".legend i.dash{height:3px;vertical-align:4px;background:repeating-linear-gradient(90deg,"
    "currentColor 0 5px,transparent 5px 8px)}.legend i.dot{width:9px;height:9px;border-radius:9px}"
    ".legend i.square{border-radius:0}.legend i.ramp{width:70px;background:linear-gradient(90deg,"
    "transparent,var(--c1));border:1px solid var(--line)}\n",
    ".plot{display:grid;grid-template-columns:var(--gutter) minmax(0,1fr);padding:8px 16px 0 0;"
    "font-size:12px;color:var(--dim);font-variant-numeric:tabular-nums}\n",
    ".y{position:relative;height:var(--h)}.y span{position:absolute;right:8px;max-width:100%;"
    "overflow:hidden;text-overflow:ellipsis;white-space:nowrap;line-height:16px;margin-top:-8px}\n",
    ".area{position:relative;height:var(--h);border-left:1px solid var(--dim);"
    "border-bottom:1px solid var(--dim)}"
    ".area svg{position:absolute;width:100%;height:100%;overflow:visible}\n",
    ".x{grid-column:2;position:relative;height:22px}.x span{position:absolute;top:4px;"
    "transform:translateX(-50%);white-space:nowrap}\n",
    ".cursor{position:absolute;top:0;bottom:0;width:1px;background:var(--ink);opacity:.55;"
    "display:none;pointer-events:none}\n",
    "path,polyline,polygon{fill:none;stroke:none;vector-effect:non-scaling-stroke;"
    "stroke-linejoin:round}.grid{stroke:var(--line)}.edge{pointer-events:none;stroke:var(--dim);stroke-dasharray:2 3}\n",
    ".c0{color:var(--c0)}.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}"
    ".c4{color:var(--c4)}.c5{color:var(--c5)}.c6{color:var(--c6)}.ink{color:var(--ink)}\n",
    "svg .area{fill:currentColor;height:auto;border:0}svg .line{stroke:currentColor;"
    "stroke-width:2}svg .dash{stroke:currentColor;stroke-width:1.6;stroke-dasharray:5 3}"
    "svg .thin{stroke-width:1}.outer{opacity:.18}.inner{opacity:.32}\n",
    ".bare{fill:transparent}.heat{fill:var(--c1)}.h0{fill-opacity:.06}.h1{fill-opacity:.14}.h2{fill-opacity:.22}"
    ".h3{fill-opacity:.3}.h4{fill-opacity:.38}.h5{fill-opacity:.46}.h6{fill-opacity:.55}"
    ".h7{fill-opacity:.64}.h8{fill-opacity:.74}.h9{fill-opacity:.86}\n",
    ".dots{pointer-events:none;stroke:currentColor;stroke-linecap:round;stroke-width:6}.never{stroke-linecap:square}"
    ".medium{stroke-width:4}.small{stroke-width:2.5}.ring{color:var(--card);stroke-width:10}"
    ".ring.medium{stroke-width:6}.ring.small{stroke-width:4}\n",
    ".strip{padding:0 16px 0 0;font-size:12px}.strip .row{display:grid;"
    "grid-template-columns:var(--gutter) minmax(0,1fr);margin-top:4px}"
    ".strip .who{color:var(--dim);text-align:right;padding-right:8px;overflow:hidden;"
    "text-overflow:ellipsis;white-space:nowrap;line-height:22px}\n",
    ".bar{position:relative;height:22px;background:var(--paper);border-radius:3px;overflow:hidden}"
    ".bar b{position:absolute;top:0;bottom:0;background:currentColor;overflow:hidden;"
    "font-weight:400;line-height:22px;white-space:nowrap;text-indent:6px;"
    "border-right:1px solid var(--card);-webkit-text-fill-color:#fff}"
    "@media(prefers-color-scheme:dark){.bar b{-webkit-text-fill-color:#0b0f13}}"
    ".bar .c6{-webkit-text-fill-color:#0b0f13}"
    ".bar .rain{background:var(--ink);border:0}.rain1{opacity:.15}.rain2{opacity:.3}"
    ".rain3{opacity:.5}.rain4{opacity:.7}\n",
    ".bar em{position:absolute;top:2px;height:18px;line-height:18px;padding-left:5px;white-space:nowrap;"
    "font-style:normal;border-left:2px solid var(--c2)}.strip .x{color:var(--dim)}\n",
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:13px;margin-top:8px;"
    "font-variant-numeric:tabular-nums}th,td{padding:3px 0 3px 22px;text-align:right;"
    "border-bottom:1px solid var(--line);white-space:nowrap}th{font-weight:600;color:var(--dim)}"
    "td:first-child,th:first-child{text-align:left;padding-left:0}td.zero{color:var(--dim)}\n",
    "#now{position:fixed;right:14px;bottom:12px;margin:0;padding:3px 12px;border-radius:99px;"
    "background:var(--ink);color:var(--card);font-size:13px;pointer-events:none;"
    "font-variant-numeric:tabular-nums}#now:empty{display:none}\n",
    "footer{color:var(--dim);font-size:13px;margin-top:18px}code{font-size:12.5px;"
    "overflow-wrap:anywhere}\n",
    "@media(max-width:900px){.tiles{grid-template-columns:repeat(3,1fr)}}\n",
    "@media(max-width:620px){:root{--gutter:62px}main{padding:16px 8px 30px}section{padding:12px "
    "10px}.x .odd{display:none}.plot,.strip{padding-right:10px;font-size:11px}h1{font-size:21px}"
    ".tile b{font-size:18px}.tile{padding:8px 12px}"
    ".tiles{grid-template-columns:repeat(2,1fr);gap:8px}}\n",
    "@media print{:root{--ink:#000;--dim:#444;--paper:#fff;--card:#fff;--line:#ddd;--c0:#a4acb5;"
    "--c1:#0072b2;--c2:#d55e00;--c3:#009e73;--c4:#b05a8c;--c5:#b98500;--c6:#56b4e9}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    ".bar b{-webkit-text-fill-color:#fff}.bar .c6{-webkit-text-fill-color:#000}"
    "body{font-size:12px}main{padding:0;max-width:none}section,.tile{break-inside:avoid}}\n", NULL};

/* One place under the pointer, in all plots at once; the values stand in the legends. */
const char *const sim_page_script[] = {
    "'use strict';(function(){\n",
    "var data=JSON.parse(document.getElementById('data').textContent);\n",
    "var areas=document.querySelectorAll('.area'),all=[];\n",
    "areas.forEach(function(a){if(a.querySelector('svg'))all.push(a)});\n",
    "var plots=data.plots.map(function(p){var e=document.getElementById(p.id);\n",
    "  p.out={};e.querySelectorAll('.legend b').forEach(function(b){p.out[b.dataset.s]=b});"
    "return p});\n",
    "function digits(v){return v>=100?v.toFixed(0):v>=10?v.toFixed(1):v>=1||v===0?"
    "String(+v.toFixed(2)):v>=.001?String(+v.toPrecision(2)):'0'}\n",
    "function scaled(v,u){var k=0;while(v>=1000&&k<4){v/=1000;k++}"
    "return digits(v)+' '+['','k','M','G','T'][k]+u}\n",
    "function text(v,u,rate){if(u==='%')return digits(v)+' %';if(u==='')return String(v);\n",
    "  return scaled(v,u)+(rate?' = '+digits(1000*v/rate)+' ms':'')}\n",
    "function first(t,x){var a=0,b=t.length-1;while(a<b){var m=a+b>>1;if(t[m]<x)a=m+1;else b=m}"
    "return a}\n",
    "function show(f){var at=f*data.span;\n",
    "  all.forEach(function(a){var c=a.querySelector('.cursor');c.style.display='block';"
    "c.style.left=100*f+'%'});\n",
    "  plots.forEach(function(p){if(!p.series)return;var i=first(p.t,at);\n",
    "    p.series.forEach(function(s){var drops=p.rate&&s.s===1;"
    "p.out[s.s].textContent=text(s.v[i],drops?'':p.unit,drops?0:p.rate)})});\n",
    "  document.getElementById('now').textContent='at '+digits(at)+' s'}\n",
    "function hide(){all.forEach(function(a){a.querySelector('.cursor').style.display='none'});\n",
    "  plots.forEach(function(p){for(var k in p.out)p.out[k].textContent=''});"
    "document.getElementById('now').textContent=''}\n",
    "all.forEach(function(a){\n",
    "  a.addEventListener('pointermove',function(e){var r=a.getBoundingClientRect();"
    "show(Math.min(1,Math.max(0,(e.clientX-r.left)/r.width)))});\n",
    "  a.addEventListener('pointerleave',hide)});\n",
    "})();\n", NULL};
/* clang-format on */

/** Of the pages of login: the look of the console, in one small sheet that stands in the page. */
export const STYLE = `
:root{color-scheme:light dark;--ground:light-dark(#fff,#14171b);--raised:light-dark(#f6f7f9,#1b1f25);
--line:light-dark(#868f9b,#76808c);--soft:light-dark(#e3e6ea,#2a3038);--text:light-dark(#1a1f27,#e8ebef);
--quiet:light-dark(#5a6370,#a3acb8);--accent:light-dark(#2a56c6,#91b2ff);--on:light-dark(#fff,#0c1730);
--bad:light-dark(#a3260f,#ff9480);--bad-ground:light-dark(#fdebe7,#3b1b15)}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:start center;background:var(--raised);color:var(--text);
font:1rem/1.5 'Inter Variable',Inter,system-ui,'Segoe UI',Roboto,sans-serif}
main{width:min(25rem,calc(100vw - 2rem));margin:clamp(1.5rem,12vh,8rem) 0 3rem;padding:2rem clamp(1.25rem,6vw,2.25rem) 2.25rem;
background:var(--ground);border:1px solid var(--soft);border-radius:14px}
.brand{display:flex;align-items:center;gap:.5rem;margin:0 0 1.5rem;font-weight:680;letter-spacing:-.02em}
.brand svg{width:1.6rem;height:1.6rem;color:var(--accent)}
h1{font-size:1.35rem;line-height:1.3;letter-spacing:-.018em;font-weight:640;margin:0 0 1.1rem}
p{margin:0 0 1rem;overflow-wrap:anywhere}
label{display:block;font-weight:560;font-size:.92rem}
input{display:block;width:100%;font:inherit;color:inherit;background:var(--ground);min-height:2.6rem;padding:.4rem .65rem;
margin:.3rem 0 1rem;border:1px solid var(--line);border-radius:7px}
input:focus-visible,button:focus-visible,a:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
button,a.button{display:block;width:100%;min-height:2.6rem;font:inherit;font-weight:560;padding:.5rem;margin:.5rem 0 0;
border:1px solid var(--accent);border-radius:7px;background:var(--accent);color:var(--on);text-align:center;
text-decoration:none;cursor:pointer}
button.other{background:none;border-color:var(--line);color:var(--text)}
a.button + form,form + details,a.button + details{margin-top:1.75rem;padding-top:1.5rem;border-top:1px solid var(--soft)}
summary{color:var(--quiet);cursor:pointer}
details[open] summary{margin-bottom:1rem}
.help{color:var(--quiet);font-size:.88rem;margin:-.5rem 0 1rem}
.fault::first-letter{text-transform:uppercase}
.fault{color:var(--bad);background:var(--bad-ground);border-radius:7px;padding:.55rem .75rem}
code{font-family:ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:.95em}
@media(width<=480px){body{background:var(--ground)}main{border:0;margin-top:1rem}}
`;

/** A door with its keyhole. */
export const BRAND =
  '<p class="brand"><svg viewBox="3 2 18 21" aria-hidden="true"><path d="M4 22V11a8 8 0 0 1 16 0v11Z" fill="currentColor"/>' +
  '<path d="M12 9.2a2.4 2.4 0 0 1 1.2 4.5l.8 4.3h-4l.8-4.3A2.4 2.4 0 0 1 12 9.2Z" fill="var(--ground)"/></svg>ostiary</p>';

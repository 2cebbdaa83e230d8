/** What the app saw of the request: shows that the visitor's host and scheme arrive. */
export interface SeenRequest {
  readonly host: string;
  readonly protocol: string;
  readonly visitor: string;
}

const style = `
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1.25rem; }
  h1 { font-size: 1.6rem; margin-bottom: .25rem; }
  section { border-top: 1px solid var(--line); padding: 1rem 0; }
  h2 { font-size: 1rem; margin: 0 0 .5rem; }
  code, output { font-family: ui-monospace, monospace; }
  output { display: block; min-height: 1.5em; }
  input, button { font: inherit; padding: .35rem .6rem; }
`;

const script = `
  const show = (id, text) => { document.getElementById(id).textContent = text; };
  new EventSource('/clock').onmessage = (event) => show('clock', event.data);
  const socket = new WebSocket('wss://' + location.host + '/echo');
  socket.onopen = () => { show('echo', 'connected'); socket.send('hello through the tunnel'); };
  socket.onmessage = (event) => show('echo', 'echo: ' + event.data);
  socket.onclose = () => show('echo', 'closed');
  document.getElementById('say').onsubmit = (event) => {
    event.preventDefault();
    socket.send(document.getElementById('text').value);
  };
  document.getElementById('file').onchange = async (event) => {
    const file = event.target.files[0];
    show('uploaded', 'uploading ...');
    const answer = await fetch('/upload', { method: 'POST', body: file });
    show('uploaded', (await answer.json()).bytes + ' bytes arrived');
  };
`;

/** The page of the sample app. */
export function page(seen: SeenRequest): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Porthole demo</title>
<style>${style}</style>
<h1>It works</h1>
<p>This page comes from an app that listens on loopback only. It reached you over the SSH connection that the app's machine
opened to the gateway. The app saw <code>${escape(seen.protocol)}://${escape(seen.host)}</code>, asked for by <code>${escape(seen.visitor)}</code>.</p>
<section><h2>Server-sent events</h2><output id="clock">...</output></section>
<section><h2>WebSocket</h2><output id="echo">...</output>
<form id="say"><input id="text" value="ping" aria-label="Message"> <button>Send</button></form></section>
<section><h2>Upload</h2><input id="file" type="file" aria-label="File"><output id="uploaded"></output></section>
<script>${script}</script>
</html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/gu, (char) => `&#${String(char.charCodeAt(0))};`);
}

import type { Child } from '../child.ts';
import { startNginx, unlimitedRequests } from '../nginx.ts';
import { freePort } from '../ports.ts';
import type { Workspace } from '../workspace.ts';

/** An nginx that sends everything on to one port, as a careful operator would set it up. */
export interface ReverseProxy {
  readonly child: Child;
  readonly httpPort: number;
  readonly httpsPort: number | undefined;
}

/** Keep-alive to the upstream, and bodies stream both ways: nothing waits on a disk. */
const streaming = `
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_max_temp_file_size 0;
  proxy_request_buffering off;`;

const tls = (port: number, { cert, key }: { cert: string; key: string }): string => `
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.2 TLSv1.3;`;

/** Starts it, over HTTPS too when openssl is there to make a certificate. */
export async function startReverseProxy(workspace: Workspace, upstreamPort: number): Promise<ReverseProxy> {
  const name = workspace.uniqueName('nginx');
  const httpPort = await freePort();
  const httpsPort = workspace.tools.openssl === undefined ? undefined : await freePort();
  const listenTls = httpsPort === undefined ? '' : tls(httpsPort, await workspace.certificate(name));
  const http = `${streaming}
  upstream origin { server 127.0.0.1:${upstreamPort}; keepalive 128; ${unlimitedRequests} }
  server {
    listen 127.0.0.1:${httpPort};${listenTls}
    location / { proxy_pass http://origin; }
  }`;
  return { child: startNginx(workspace, { name, http }), httpPort, httpsPort };
}

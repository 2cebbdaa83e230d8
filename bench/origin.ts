import { truncateSync, writeFileSync } from 'node:fs';
import { startNginx } from './nginx.ts';
import { accepts } from './ports.ts';
import { until } from './patience.ts';
import type { Workspace } from './workspace.ts';

/** What the origin serves, at every peer alike. */
export const paths = {
  small: '/small',
  megabyte: '/1m',
  hundredMegabytes: '/100m',
  gigabyte: '/1g',
  upload: '/upload',
} as const;

export const smallBody = 'hello, world\n';
export const megabyte = 1_000_000;
export const hundredMegabytes = 100 * megabyte;

/** The header in which the origin tells how many bytes of a request arrived, its head included. */
export const receivedHeader = 'x-received';

const files = {
  [paths.megabyte]: megabyte,
  [paths.hundredMegabytes]: hundredMegabytes,
  [paths.gigabyte]: 1000 * megabyte,
};

/**
 * An upload is read whole into memory, and only then answered, by a GET to the small response: `return` alone would
 * answer first and discard the body slowly. glibc keeps that memory, or its page faults would cost more than the reading.
 */
const upload = (port: number): string => `
      client_body_buffer_size 128m;
      proxy_pass http://127.0.0.1:${port}${paths.small};
      proxy_method GET;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      add_header ${receivedHeader} $request_length;`;

const keepMemory = { MALLOC_MMAP_MAX_: '0', MALLOC_TRIM_THRESHOLD_: String(2 ** 40) };

/** Starts the origin: an nginx that answers from memory, sends files with sendfile, and swallows uploads. */
export async function startOrigin(workspace: Workspace, port: number): Promise<void> {
  for (const [path, bytes] of Object.entries(files)) {
    const file = workspace.path(path.slice(1));
    writeFileSync(file, '');
    truncateSync(file, bytes);
  }
  const http = `
  server {
    listen 127.0.0.1:${port};
    root ${workspace.directory};
    location / { return 404; }
    ${Object.keys(files)
      .map((path) => `location = ${path} { }`)
      .join('\n    ')}
    location = ${paths.small} { default_type text/plain; return 200 '${smallBody}'; }
    location = ${paths.upload} {${upload(port)}
    }
  }`;
  const child = startNginx(workspace, { name: 'origin', http, env: keepMemory });
  await until(`the origin listens on port ${port}: ${child.lastWords}`, () => accepts(port), 10_000);
}

import { mkdirSync } from 'node:fs';
import type { Child } from './child.ts';
import { pathOf } from './tools.ts';
import type { Workspace } from './workspace.ts';

export interface NginxOptions {
  readonly name: string;
  /** Directives of the `http` block. */
  readonly http: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Requests that a kept connection may carry before nginx closes it: its default of 1000 would cost it speed. */
export const unlimitedRequests = 'keepalive_requests 1000000000;';

function config({ userName }: Workspace, { name, http }: NginxOptions): string {
  // Only root changes the user; its default, `nobody`, could not read this directory.
  const user = process.getuid?.() === 0 ? `user ${userName};` : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `${user}
daemon off;
pid ${name}.pid;
error_log stderr error;
worker_processes auto;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  client_max_body_size 0;
  ${unlimitedRequests}
  ${temporary.map((kind) => `${kind}_temp_path ${name}-temp/${kind};`).join('\n  ')}
${http}
}
`;
}

/** Starts an nginx in the foreground, with nothing of the system's own configuration. */
export function startNginx(workspace: Workspace, options: NginxOptions): Child {
  mkdirSync(workspace.path(`${options.name}-temp`), { recursive: true });
  const file = workspace.write(`${options.name}.conf`, config(workspace, options));
  return workspace.processes.start(
    pathOf(workspace.tools, 'nginx'),
    ['-p', workspace.directory, '-c', file, '-e', 'stderr'],
    { env: options.env ?? {} },
  );
}

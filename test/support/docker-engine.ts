import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import Docker from 'dockerode';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';
import { until } from './until.ts';

const image = 'porthole-test:1';
/** Ports above are given to outgoing connections, and so to other tests. */
const [lowestPort, highestPort] = [18_000, 32_000];

export interface ContainerOptions {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Where it serves a page with its name, on this machine's loopback address. */
  readonly port: number;
  /** What its image says that it listens on; its `port` if not given. */
  readonly exposed?: readonly number[];
}

/**
 * A Docker engine of the test's own, with an image made of a static busybox. It and its containers live in process and mount
 * namespaces of their own, so that nothing is left of them, however the test ends. Containers use this machine's network.
 */
export class DockerEngine {
  /** For `DOCKER_HOST`. */
  readonly address: string;
  readonly docker: Docker;
  readonly #folder: string;
  readonly #namespaces: readonly string[];
  /** Keeps the control groups of its containers together, which no namespace takes away. */
  readonly #group = `porthole-test-${randomBytes(6).toString('hex')}`;
  readonly #output: string[] = [];
  #dockerd: ChildProcess | undefined;

  static async start(t: TestScope): Promise<DockerEngine> {
    const folder = scratchDir(t);
    // Ends with its standard input, even when nobody is left to end it, and takes all that is in its namespaces with it.
    const holder = spawn('unshare', [...'--mount --pid --fork --kill-child --mount-proc cat'.split(' ')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    holder.stdin.write('ready\n');
    await once(holder.stdout, 'data');
    const engine = new DockerEngine(folder, String(holder.pid));
    t.teardown(async () => {
      if (!t.passing()) t.comment(engine.#output.join(''));
      holder.stdin.end();
      if (holder.exitCode === null) await once(holder, 'exit');
      await until('the end of all containers', () => engine.#removeGroups());
    });
    engine.#spawn('containerd', [
      ...['--address', engine.#containerd, '--root', join(folder, 'containerd-root')],
      ...['--state', join(folder, 'containerd-state')],
    ]);
    await engine.startDaemon();
    await engine.#importImage();
    return engine;
  }

  private constructor(folder: string, holder: string) {
    this.#folder = folder;
    this.#namespaces = [`--mount=/proc/${holder}/ns/mnt`, `--pid=/proc/${holder}/ns/pid_for_children`];
    const socketPath = join(folder, 'docker.sock');
    this.address = `unix://${socketPath}`;
    this.docker = new Docker({ socketPath });
  }

  /** Starts the daemon, for the first time or after `killDaemon`. Containers that run are found again. */
  async startDaemon(): Promise<void> {
    this.#dockerd = this.#spawn('dockerd', [
      ...['--containerd', this.#containerd, '--live-restore', '--host', this.address],
      ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--storage-driver=vfs'],
      ...['--data-root', join(this.#folder, 'data'), '--exec-root', join(this.#folder, 'exec')],
      ...['--pidfile', this.#pidFile],
    ]);
    await until('the Docker engine answers', () =>
      this.docker.ping().then(
        () => true,
        () => false,
      ),
    );
  }

  /** Kills the daemon without a warning; containers live on. */
  async killDaemon(): Promise<void> {
    const over = this.#dockerd === undefined ? [] : once(this.#dockerd, 'exit');
    execFileSync('nsenter', [
      ...this.#namespaces,
      'kill',
      '-KILL',
      readFileSync(this.#pidFile, 'utf8').trim(),
    ]);
    await over;
  }

  async run({ name, labels = {}, port, exposed = [port] }: ContainerOptions): Promise<Docker.Container> {
    const page = `mkdir -p /www && echo ${name} > /www/index.html`;
    const container = await this.docker.createContainer({
      name,
      Image: image,
      Cmd: ['/bin/busybox', 'sh', '-c', `${page} && exec /bin/busybox httpd -f -p 127.0.0.1:${port} -h /www`],
      Labels: { ...labels },
      ExposedPorts: Object.fromEntries(exposed.map((each) => [`${each}/tcp`, {}])),
      HostConfig: { NetworkMode: 'host', CgroupParent: `/${this.#group}` },
    });
    await container.start();
    return container;
  }

  get #containerd(): string {
    return join(this.#folder, 'containerd.sock');
  }

  get #pidFile(): string {
    return join(this.#folder, 'dockerd.pid');
  }

  #spawn(file: string, args: readonly string[]): ChildProcess {
    const child = spawn('nsenter', [...this.#namespaces, file, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => void this.#output.push(chunk.toString()));
    return child;
  }

  async #importImage(): Promise<void> {
    const root = join(this.#folder, 'image');
    mkdirSync(join(root, 'bin'), { recursive: true });
    copyFileSync('/bin/busybox', join(root, 'bin', 'busybox'));
    const archive = execFileSync('tar', ['-C', root, '-c', '.'], { maxBuffer: 64 * 1024 * 1024 });
    const [repo, tag] = image.split(':');
    const answer = await this.docker.importImage(archive as unknown as string, { fromSrc: '-', repo, tag });
    answer.resume();
    await once(answer, 'end');
  }

  #removeGroups(): boolean {
    const root = '/sys/fs/cgroup';
    const groups = ['.', ...readdirSync(root)].map((controller) => join(root, controller, this.#group));
    return groups.map(removeFolders).every(Boolean);
  }
}

/** A port for a container that cannot choose one itself. */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowestPort, highestPort);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** Control groups are folders that only look as if they had files. False while somebody is in one. */
function removeFolders(path: string): boolean {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory()) removeFolders(join(path, entry.name));
    rmdirSync(path);
    return true;
  } catch (error) {
    return (
      (error as NodeJS.ErrnoException).code === 'ENOENT' ||
      (error as NodeJS.ErrnoException).code === 'ENOTDIR'
    );
  }
}

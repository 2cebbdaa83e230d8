import { spawn } from 'node:child_process';

/** A program and what comes before the address. */
export type Opener = readonly [program: string, ...args: string[]];
type Environment = Readonly<Record<string, string | undefined>>;

/** The program that shows an address in the user's browser; undefined where there is no screen. */
export function urlOpener(platform: NodeJS.Platform, env: Environment): Opener | undefined {
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  const hasScreen = (env['WAYLAND_DISPLAY'] ?? '') !== '' || (env['DISPLAY'] ?? '') !== '';
  return hasScreen ? ['xdg-open'] : undefined;
}

/** Shows the address in the user's browser. False when that cannot be; some programs end only with the browser. Never rejects. */
export function openUrl([program, ...args]: Opener, url: string, deadlineMs = 3000): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
    const timer = setTimeout(() => resolve(true), deadlineMs);
    const settle = (opened: boolean): void => {
      clearTimeout(timer);
      resolve(opened);
    };
    child.once('error', () => settle(false));
    child.once('exit', (code) => settle(code === 0));
    child.unref();
  });
}

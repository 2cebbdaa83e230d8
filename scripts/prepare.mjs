// Runs after `npm ci` in a checkout: makes sure that ssh2's native part loads in the Node that the `node`
// development dependency brings. npm compiles native parts against the headers of the Node that npm itself runs
// on; in another Node they then silently do not load, and SSH costs several times more.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const nodeHome = `${root}node_modules/node/node_modules/node-${process.platform}-${process.arch}`;
const pinnedNode = `${nodeHome}/bin/node`;
const nativePart = `${root}node_modules/ssh2/lib/protocol/crypto/build/Release/sshcrypto.node`;

function nativePartLoads() {
  try {
    execFileSync(pinnedNode, ['-e', `require(${JSON.stringify(nativePart)})`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const isCheckoutWithPinnedNode = existsSync(pinnedNode) && existsSync(`${nodeHome}/include/node/node.h`);
if (isCheckoutWithPinnedNode && !nativePartLoads()) {
  try {
    execFileSync('npm', ['rebuild', 'ssh2', 'cpu-features', `--nodedir=${nodeHome}`, '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, npm_config_nodedir: nodeHome },
    });
  } catch {
    // No compiler: everything works, with ssh2's slower JavaScript part.
  }
  if (!nativePartLoads())
    console.warn('porthole: ssh2 runs without its native part here (slower, otherwise the same)');
}

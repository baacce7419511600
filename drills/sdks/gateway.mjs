// Runs the gateway for a test file: the binary that XJP_CADDY names, on a free port.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

export const key = 'XJP_test_key';

// The models: the first passes each dialect through, the others force a translation
// for one of the two dialects.
export const models = ['demo', 'demo-chat', 'demo-messages'];

// What the demo can be told to do wrong before or after its first words.
export const failures = [
  'status 429 retry 1', 'status 500', 'html', 'garbage', 'overflow', 'empty',
  'error', 'error after 2', 'cut after 2', 'end after 2', 'garbage after 2',
];

export async function start() {
  const binary = process.env.XJP_CADDY;
  if (!binary) throw new Error('XJP_CADDY must name the built server: go build -o caddy ./cmd/caddy');
  const port = await freePort(), admin = await freePort();
  const config = fileURLToPath(new URL('./Caddyfile', import.meta.url));
  const child = spawn(binary, ['run', '--config', config], {
    env: { ...process.env, XJP_DRILL_PORT: String(port), XJP_DRILL_ADMIN: String(admin) }, stdio: ['ignore', 'ignore', 'inherit'],
  });
  const base = `http://127.0.0.1:${port}`;
  await answers(base, child);
  // wake ends what failures have let rest, so that no test meets what another has asked for.
  const wake = async () => {
    const r = await fetch(`http://127.0.0.1:${admin}/xjp/wake`, { method: 'POST', headers: { Origin: `http://127.0.0.1:${admin}` } });
    if (!r.ok) throw new Error(`wake: ${r.status} ${await r.text()}`);
    await r.arrayBuffer();
  };
  return { base, wake, stop: () => stop(child) };
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

async function answers(base, child) {
  for (let i = 0; i < 200 && child.exitCode === null; i++) {
    try {
      if ((await fetch(base + '/healthz')).ok) return;
    } catch { /* not yet */ }
    await sleep(50);
  }
  child.kill();
  throw new Error('the server does not answer');
}

function stop(child) {
  return new Promise((done) => {
    child.once('exit', done);
    child.kill('SIGTERM');
  });
}

// Claude Code itself as a client, without any account: each run is one prompt in a home of
// its own. The demo stands behind it in both dialects.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { key, models, start } from './gateway.mjs';

const claude = fileURLToPath(new URL(`./node_modules/@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`, import.meta.url));
const skip = existsSync(claude) ? false : `no Claude Code for ${process.platform} ${process.arch} is installed`;

let gateway, home;
before(async () => {
  gateway = await start();
  home = mkdtempSync(join(tmpdir(), 'xjp-claude-'));
});
after(async () => {
  await gateway.stop();
  rmSync(home, { recursive: true, force: true });
});

function run(model, prompt, token = key) {
  const env = {
    HOME: home, PATH: process.env.PATH, ANTHROPIC_BASE_URL: gateway.base, ANTHROPIC_AUTH_TOKEN: token,
    ANTHROPIC_MODEL: model, ANTHROPIC_SMALL_FAST_MODEL: model, ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_TELEMETRY: '1', DISABLE_ERROR_REPORTING: '1', DISABLE_AUTOUPDATER: '1', CLAUDE_CODE_MAX_RETRIES: '1',
  };
  return new Promise((done, fail) => {
    const child = execFile(claude, ['-p', prompt, '--output-format', 'json'], { cwd: home, env, timeout: 120_000 }, (_, out) => {
      try { done(JSON.parse(out)); } catch { fail(new Error('no result: ' + out)); }
    });
    child.stdin.end();
  });
}

for (const model of models) {
  test(`${model}: a turn with a tool`, { skip }, async () => {
    const r = await run(model, 'Say hello');
    assert.equal(r.is_error, false, r.result);
    assert.equal(r.num_turns, 2);
    assert.match(r.result, /This is the demo model/);
  });

  test(`${model}: a long stream`, { skip }, async () => {
    const r = await run(model, 'demo: long 300 pace 2ms');
    assert.match(r.result, /word0 .*word299/s);
  });

  test(`${model}: an overflow is recognised`, { skip }, async () => {
    const r = await run(model, 'demo: overflow');
    assert.match(r.result, /Prompt is too long/);
  });

  test(`${model}: an outage is an error, not an answer`, { skip }, async () => {
    const r = await run(model, 'demo: error');
    assert.equal(r.is_error, true);
    assert.ok(r.api_error_status >= 500, String(r.api_error_status));
  });
}

test('a wrong key stops at once', { skip }, async () => {
  const r = await run('demo', 'Say hello', 'XJP_wrong_key');
  assert.equal(r.is_error, true);
  assert.equal(r.api_error_status, 401);
});

// The official Anthropic SDK as a judge, its tool runner with message threads included.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { z } from 'zod';
import { failures, key, models, start } from './gateway.mjs';

let gateway, client;
before(async () => {
  gateway = await start();
  client = new Anthropic({ baseURL: gateway.base, apiKey: key, maxRetries: 0 });
});
after(() => gateway.stop());
beforeEach(() => gateway.wake());

const user = (content) => [{ role: 'user', content }];
const text = (message) => message.content.map((b) => b.text ?? '').join('');

for (const model of models) {
  test(`${model}: a whole answer`, async () => {
    const r = await client.messages.create({ model, max_tokens: 1000, messages: user('hello') });
    assert.match(text(r), /hello/);
    assert.equal(r.model, model);
    assert.equal(r.stop_reason, 'end_turn');
    assert.ok(r.usage.input_tokens > 0 && r.usage.output_tokens > 0);
  });

  test(`${model}: streamed thinking, replayed`, async () => {
    const params = { model, max_tokens: 9000, thinking: { type: 'enabled', budget_tokens: 2000 } };
    const first = await client.messages.stream({ ...params, messages: user('hello') }).finalMessage();
    const thinking = first.content.find((b) => b.type === 'thinking');
    assert.ok(thinking?.thinking, JSON.stringify(first.content));
    const again = await client.messages.create({ ...params, messages: [...user('hello'), { role: 'assistant', content: first.content }, ...user('again')] });
    assert.match(text(again), /again/);
  });

  for (const stream of [false, true]) {
    test(`${model}: the tool runner, ${stream ? 'streamed' : 'whole'}`, async () => {
      let called = 0;
      const tool = betaZodTool({ name: 'get_weather', description: 'tells the weather', inputSchema: z.object({ city: z.string() }), run: () => { called++; return 'sunny'; } });
      const runner = client.beta.messages.toolRunner({ model, stream, max_tokens: 1000, messages: user('weather'), tools: [tool] });
      let last;
      if (stream) for await (const s of runner) last = await s.finalMessage();
      else last = await runner;
      assert.equal(called, 1);
      assert.match(text(last), /sunny/);
    });
  }

  test(`${model}: tokens are counted`, async () => {
    const r = await client.messages.countTokens({ model, messages: user('hello') });
    assert.ok(r.input_tokens > 0);
  });

  for (const failure of failures) {
    test(`${model}: ${failure} is an error`, async () => {
      const s = client.messages.stream({ model, max_tokens: 100, messages: user('demo: ' + failure) });
      await assert.rejects(s.finalMessage(), Anthropic.AnthropicError);
    });
  }
}

test('the list of models in pages, and a wrong key', async () => {
  const ids = [];
  for await (const m of client.models.list({ limit: 1 })) ids.push(m.id);
  assert.deepEqual(ids.sort(), [...models].sort());
  const stranger = new Anthropic({ baseURL: gateway.base, apiKey: 'XJP_wrong_key', maxRetries: 0 });
  await assert.rejects(stranger.models.list(), Anthropic.AuthenticationError);
});

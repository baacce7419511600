// The official OpenAI SDK as a judge: its helpers throw where a stream is not as they
// need it (wire notes 5.1).
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import OpenAI from 'openai';
import { failures, key, models, start } from './gateway.mjs';

let gateway, client;
before(async () => {
  gateway = await start();
  client = new OpenAI({ baseURL: gateway.base + '/v1', apiKey: key, maxRetries: 0 });
});
after(() => gateway.stop());
beforeEach(() => gateway.wake());

const user = (content) => [{ role: 'user', content }];
const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

for (const model of models) {
  test(`${model}: a whole answer`, async () => {
    const r = await client.chat.completions.create({ model, messages: user('hello') });
    assert.match(r.choices[0].message.content, /hello/);
    assert.equal(r.model, model);
    assert.equal(r.usage.total_tokens, r.usage.prompt_tokens + r.usage.completion_tokens);
  });

  test(`${model}: a stream through the helper`, async () => {
    let pieces = 0;
    const s = client.chat.completions.stream({ model, messages: user('hello'), stream_options: { include_usage: true } });
    s.on('content', () => pieces++);
    const r = await s.finalChatCompletion();
    assert.match(r.choices[0].message.content, /hello/);
    assert.equal(r.choices[0].finish_reason, 'stop');
    assert.ok(pieces > 2 && r.usage.completion_tokens > 0);
  });

  for (const stream of [false, true]) {
    test(`${model}: the tool loop with parallel calls, ${stream ? 'streamed' : 'whole'}`, async () => {
      let called = 0;
      const runner = client.chat.completions.runTools({
        model, stream, messages: user('weather in parallel'),
        tools: [{ type: 'function', function: { name: 'get_weather', description: 'tells the weather', parameters: city, parse: JSON.parse, function: () => { called++; return 'sunny'; } } }],
      });
      assert.match(await runner.finalContent(), /sunny/);
      assert.equal(called, 2);
    });
  }

  test(`${model}: structured output`, async () => {
    const schema = { type: 'object', properties: { a: { type: 'string' }, n: { type: 'integer' } }, required: ['a', 'n'], additionalProperties: false };
    const r = await client.chat.completions.parse({ model, messages: user('x'), response_format: { type: 'json_schema', json_schema: { name: 'o', strict: true, schema } } });
    assert.equal(typeof r.choices[0].message.parsed.a, 'string');
    assert.ok(Number.isInteger(r.choices[0].message.parsed.n));
  });

  test(`${model}: reasoning and an image`, async () => {
    const r = await client.chat.completions.create({
      model, reasoning_effort: 'high', max_completion_tokens: 8000,
      messages: user([{ type: 'text', text: 'what is this' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==' } }]),
    });
    assert.ok(r.choices[0].message.reasoning_content || r.choices[0].message.reasoning);
    assert.match(r.choices[0].message.content, /image/);
  });

  for (const failure of failures) {
    test(`${model}: ${failure} is an error`, async () => {
      const s = client.chat.completions.stream({ model, messages: user('demo: ' + failure) });
      await assert.rejects(s.finalChatCompletion(), OpenAI.OpenAIError);
    });
  }
}

test('a rate limit keeps its status and its time to wait', async () => {
  const call = client.chat.completions.create({ model: 'demo-messages', messages: user('demo: status 429 retry 7') });
  await assert.rejects(call, (e) => e instanceof OpenAI.RateLimitError && e.headers.get('retry-after') === '7');
});

test('the list of models, and a wrong key', async () => {
  const ids = (await client.models.list()).data.map((m) => m.id);
  assert.deepEqual(ids.sort(), [...models].sort());
  const stranger = new OpenAI({ baseURL: gateway.base + '/v1', apiKey: 'XJP_wrong_key', maxRetries: 0 });
  await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
});

test('a client that leaves', async () => {
  const s = await client.chat.completions.create({ model: 'demo-messages', stream: true, messages: user('demo: long 500 pace 20ms') });
  for await (const chunk of s) { assert.ok(chunk.id); break; }
  assert.ok((await fetch(gateway.base + '/healthz')).ok);
});

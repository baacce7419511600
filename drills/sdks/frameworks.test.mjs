// Frameworks that read streams in their own ways: Vercel's AI SDK and LangChain.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { ChatAnthropic } from '@langchain/anthropic';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { key, models, start } from './gateway.mjs';

globalThis.AI_SDK_LOG_WARNINGS = false;

let gateway;
before(async () => { gateway = await start(); });
after(() => gateway.stop());
beforeEach(() => gateway.wake());

const providers = {
  'AI SDK openai': (model) => createOpenAI({ baseURL: gateway.base + '/v1', apiKey: key }).chat(model),
  'AI SDK compatible': (model) => createOpenAICompatible({ name: 'xjp', baseURL: gateway.base + '/v1', apiKey: key, includeUsage: true })(model),
  'AI SDK anthropic': (model) => createAnthropic({ baseURL: gateway.base + '/v1', apiKey: key })(model),
};
const chats = {
  'LangChain openai': (model) => new ChatOpenAI({ model, apiKey: key, maxRetries: 0, configuration: { baseURL: gateway.base + '/v1' } }),
  'LangChain anthropic': (model) => new ChatAnthropic({ model, apiKey: key, maxRetries: 0, anthropicApiUrl: gateway.base, maxTokens: 1000 }),
};
const weather = { type: 'function', function: { name: 'get_weather', description: 'tells the weather', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } } };

for (const model of models) {
  for (const [name, make] of Object.entries(providers)) {
    test(`${name}, ${model}: a whole answer`, async () => {
      const r = await generateText({ model: make(model), prompt: 'hello', maxRetries: 0 });
      assert.match(r.text, /hello/);
      assert.ok(r.usage.inputTokens > 0 && r.usage.outputTokens > 0);
    });

    test(`${name}, ${model}: a streamed tool loop`, async () => {
      let called = 0;
      const tools = { get_weather: tool({ description: 'tells the weather', inputSchema: z.object({ city: z.string() }), execute: async () => { called++; return 'sunny'; } }) };
      const r = streamText({ model: make(model), prompt: 'weather', maxRetries: 0, stopWhen: stepCountIs(3), tools });
      let text = '';
      for await (const piece of r.textStream) text += piece;
      assert.equal(called, 1);
      assert.match(text, /sunny/);
      const usage = await r.totalUsage;
      assert.ok(usage.inputTokens > 0 && usage.outputTokens > 0);
    });
  }

  for (const [name, make] of Object.entries(chats)) {
    test(`${name}, ${model}: an answer and streamed tool calls`, async () => {
      assert.match((await make(model).invoke('hello')).text, /hello/);
      let message;
      for await (const chunk of await make(model).bindTools([weather]).stream('weather')) message = message ? message.concat(chunk) : chunk;
      assert.equal(message.tool_calls[0].name, 'get_weather');
      assert.equal(typeof message.tool_calls[0].args.city, 'string');
    });
  }
}

import express from "express";
import { createClient } from "redis";

import { greeting } from "./greeting.js";

const app = express();
const redis = await createClient({ url: process.env.REDIS_URL }).connect();

app.get("/", async (request, response) => {
  response.json({ greeting, visits: await redis.incr("visits") });
});

app.listen(process.env.PORT || 3000);

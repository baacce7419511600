package xjpgateway

// Every guest module is linked in, so that one xcaddy --with brings the whole gateway.
import (
	_ "github.com/rickyjim626/xjp-gateway/providers/anthropic"
	_ "github.com/rickyjim626/xjp-gateway/providers/clewdr"
	_ "github.com/rickyjim626/xjp-gateway/providers/demo"
	_ "github.com/rickyjim626/xjp-gateway/providers/gemini"
	_ "github.com/rickyjim626/xjp-gateway/providers/openai"
	_ "github.com/rickyjim626/xjp-gateway/providers/openrouter"
	_ "github.com/rickyjim626/xjp-gateway/providers/vertex"
	_ "github.com/rickyjim626/xjp-gateway/state/memory"
	_ "github.com/rickyjim626/xjp-gateway/state/redis"
	_ "github.com/rickyjim626/xjp-gateway/stores/postgres"
	_ "github.com/rickyjim626/xjp-gateway/stores/sqlite"
	_ "time/tzdata" // container images may have none
)

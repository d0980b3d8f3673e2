"""The playground's kernel side: what is played as a flow, its generations, what pages ask."""

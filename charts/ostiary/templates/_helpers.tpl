{{- define "ostiary.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "ostiary.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "ostiary.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "ostiary.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "ostiary.selectorLabels" -}}
app.kubernetes.io/name: {{ include "ostiary.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ostiary.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "ostiary.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "ostiary.serviceAccountName" -}}
{{- default (ternary (include "ostiary.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "ostiary.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- /* Milliseconds as a protobuf Duration: 250 is 0.25s. */ -}}
{{- define "ostiary.seconds" -}}
{{- $ms := int . -}}
{{- if eq (mod $ms 1000) 0 -}}
{{ div $ms 1000 }}s
{{- else -}}
{{ printf "%d.%s" (div $ms 1000) (printf "%03d" (mod $ms 1000) | trimSuffix "0" | trimSuffix "0") }}s
{{- end -}}
{{- end -}}

{{- /* What a route tells ostiary, as a patch that Istio merges. */ -}}
{{- define "ostiary.extensions" -}}
operation: MERGE
value:
  typed_per_filter_config:
    envoy.filters.http.ext_authz:
      "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute
      check_settings:
        # The API is a matter of the route, not of what the client wrote into host and path.
        context_extensions:
          {{- range $name, $value := . }}
          {{ $name }}: {{ $value | quote }}
          {{- end }}
{{- end -}}

{{- define "ostiary.meshIdentity" -}}
spiffe://{{ .Values.tls.trustDomain }}/ns/{{ .Release.Namespace }}/sa/{{ include "ostiary.serviceAccountName" . }}
{{- end -}}

{{- /* How Envoy talks to ostiary: by the mesh's certificates, or by ostiary's own. */ -}}
{{- define "ostiary.upstreamTls" -}}
{{- $name := default (printf "%s-headless.%s.svc.cluster.local" (include "ostiary.fullname" .) .Release.Namespace) .Values.tls.name -}}
"@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
{{- if not .Values.tls.mesh }}
sni: {{ $name }}
{{- end }}
common_tls_context:
  {{- if .Values.tls.mesh }}
  # The first one tells ostiary's sidecar that this is the mesh's TLS.
  alpn_protocols: [istio, h2]
  {{- else }}
  alpn_protocols: [h2]
  {{- end }}
  tls_params:
    tls_minimum_protocol_version: TLSv1_2
  {{- if .Values.tls.mesh }}
  tls_certificate_sds_secret_configs:
    - name: default
      sds_config:
        {{- include "ostiary.meshAgent" . | nindent 8 }}
  combined_validation_context:
    default_validation_context:
      match_typed_subject_alt_names:
        - san_type: URI
          matcher:
            exact: {{ include "ostiary.meshIdentity" . }}
    validation_context_sds_secret_config:
      name: ROOTCA
      sds_config:
        {{- include "ostiary.meshAgent" . | nindent 8 }}
  {{- else }}
  validation_context:
    trusted_ca:
      inline_string: {{ .Values.tls.ca | quote }}
    match_typed_subject_alt_names:
      - san_type: DNS
        matcher:
          exact: {{ $name }}
  {{- end }}
{{- end -}}

{{- /* Istio's agent in the pod, which holds its certificates. */ -}}
{{- define "ostiary.meshAgent" -}}
api_config_source:
  api_type: GRPC
  grpc_services:
    - envoy_grpc:
        cluster_name: sds-grpc
  set_node_on_first_message_only: true
  transport_api_version: V3
initial_fetch_timeout: 0s
resource_api_version: V3
{{- end -}}

{{- /* Not empty: the replicas have no documents, and no Envoy may ask them. */ -}}
{{- define "ostiary.isUnbound" -}}
{{- if and (eq .Values.mode "deployment") (not (or .Values.policies.inline .Values.policies.existingConfigMaps (include "ostiary.follows" .))) -}}
yes
{{- end -}}
{{- end -}}
